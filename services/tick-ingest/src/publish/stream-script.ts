import { createHash } from "node:crypto";

/** Entries a symbol's stream keeps, whatever their age. */
const STREAM_LENGTH = 5000;
/** How long a process's last call is remembered: it repeats one for seconds, unless its machine was put to sleep meanwhile. */
const CALL_MEMORY_S = 86_400;
/** How long the place of a stream is remembered in which nothing comes: longer than any market is closed. */
const STATE_MEMORY_S = 7 * 86_400;
/** What Redis 7 takes for a stream of one small entry, most of it room for the next ones, and for an entry besides its message. */
const STREAM_BYTES = 5000;
const ENTRY_BYTES = 40;
/** Into how many segments the time that a stream keeps is cut, its length and its bytes. */
const TIME_SEGMENTS = 8;
const LENGTH_SEGMENTS = 20;
const BYTES_SEGMENTS = 16;
/** Smaller segments would be many, and drop no sooner anything worth dropping. */
const SEGMENT_BYTES_MIN = 32_768;

/** On a cluster the symbol is announced with every segment: no pattern brings the sharded channel of one that is new. */
const ANNOUNCEMENT = `
  redis.call('PUBLISH', string.gsub(ARGV[3], '{.*}', '{}'), ARGV[3])`;

/** How long one segment of a stream takes up messages, in whole seconds: a stream keeps so much more than it has to. */
export function segmentSeconds(keepS: number): number {
  return Math.max(1, Math.ceil(keepS / TIME_SEGMENTS));
}

/**
 * Some messages onto a symbol's stream and channel, in one atomic step.
 *
 * A call that was executed before (its answer was lost) is answered as it was then, and one that was overtaken by a later call of
 * its process (on a connection that was given up) is not executed any more. The stream as it is counts only on the
 * server that wrote it last (another replication id: restarted, failed over, or put back), for the database in its present
 * incarnation (the epoch begins with it), and no shorter than the caller knows it. Otherwise a new epoch begins with an empty
 * stream, so that the old one can never be mistaken for it.
 *
 * A new epoch has forgotten which calls were executed. A call that is repeated in another epoch than it was first made in may
 * have reached clients before the old one ended: it puts messages in the place of the first ones that say so.
 *
 * What the stream holds is counted in segments, which are dropped whole, oldest first: those older than it has to keep, those
 * that make it longer than it may be, and those that make it larger than the caller has room for. A segment ends when an
 * eighth of the time to keep has passed, or it has a twentieth of the length or a sixteenth of all bytes. So the cost of a call does not
 * depend on what the stream holds. (Redis rounds what it allocates up, by an eighth at most: so much is added.) A stream without room holds nothing.
 *
 * The first thing it writes is always something that a full Redis refuses: after that it would refuse nothing of a script.
 *
 * KEYS: stream, its state, the last call of this ingest process. ARGV: the call's number; the epoch to begin if one must; the
 * channel; how many messages; the incarnation; how many bytes the stream may hold, and for how many seconds, of which a segment
 * takes up how many; epoch and sequence of the newest place the caller knows of. Then each message before and after its offset;
 * of a repeated call also the epoch it was first made in, and as many other messages. The answer is the last offset, then by how
 * much which second's segment has grown (or shrunk), in bytes.
 */
const scriptWith = (publish: "PUBLISH" | "SPUBLISH") => `
local count, incarnation, bytes_max = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local keep_s, segment_s = tonumber(ARGV[7]), tonumber(ARGV[8])
local head = 10

local last = redis.call('GET', KEYS[3])
if last then
  local id, offset = string.match(last, '^(%S+) (%S+)')
  if tonumber(id) >= tonumber(ARGV[1]) then return {offset} end
end

local now = tonumber(redis.call('TIME')[1])
local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local state = redis.call('HMGET', KEYS[2], 'epoch', 'replid', 'sequence', 'open')
local epoch, sequence = state[1], tonumber(state[3] or 0)
local since, first, bytes, held = string.match(state[4] or '', '^(%d+) (%d+) (%d+) (%d+)$')
since, first, bytes, held = tonumber(since), tonumber(first), tonumber(bytes), tonumber(held or 0)
local closed
local changes = {''}

local is_behind = epoch == ARGV[9] and sequence < tonumber(ARGV[10])
if not epoch or state[2] ~= replid or string.sub(epoch, 1, #incarnation) ~= incarnation or is_behind then
  closed = redis.call('HGET', KEYS[2], 'closed') or ''
  for at, size in string.gmatch(closed, '(%d+):(%d+):%d+ ') do
    changes[#changes + 1] = tonumber(at)
    changes[#changes + 1] = -size
  end
  if since then
    changes[#changes + 1] = since
    changes[#changes + 1] = -bytes
  end
  epoch, sequence, since, held, closed = ARGV[2], 0, nil, 0, ''
  redis.call('HSET', KEYS[2], 'epoch', epoch)
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], 'epoch', epoch, 'replid', replid)
end

local before = head
local first_epoch = ARGV[head + 1 + 2 * count]
if first_epoch and first_epoch ~= epoch then before = head + 1 + 2 * count end
local messages, offset, added = {}, nil, 0
for at = 1, count do
  offset = epoch .. '-' .. sequence + at
  messages[at] = ARGV[before + 2 * at - 1] .. offset .. ARGV[before + 2 * at]
  added = added + math.floor(#messages[at] * 9 / 8) + ${ENTRY_BYTES}
end

local is_new = not since or now - since >= segment_s or sequence - first >= ${STREAM_LENGTH / LENGTH_SEGMENTS}
  or bytes - ${STREAM_BYTES} > math.max(${SEGMENT_BYTES_MIN}, held / ${BYTES_SEGMENTS})
if is_new then
  closed = closed or redis.call('HGET', KEYS[2], 'closed') or ''
  if since then
    closed = closed .. since .. ':' .. bytes - ${STREAM_BYTES} .. ':' .. sequence .. ' '
    changes[#changes + 1] = since
    changes[#changes + 1] = -${STREAM_BYTES}
    held = held - ${STREAM_BYTES}
  end
  since, first, bytes, held, added = now, sequence, 0, held, added + ${STREAM_BYTES}
end
bytes, held = bytes + added, held + added
changes[#changes + 1] = since
changes[#changes + 1] = added

local cut
if is_new or held > bytes_max then
  closed = closed or redis.call('HGET', KEYS[2], 'closed') or ''
  local kept = 1
  for at, size, newest, after in string.gmatch(closed, '(%d+):(%d+):(%d+) ()') do
    local is_old = at + segment_s + keep_s <= now
    if not is_old and held <= bytes_max and sequence + count - newest < ${STREAM_LENGTH} then break end
    held = held - size
    changes[#changes + 1] = tonumber(at)
    changes[#changes + 1] = -size
    cut, kept = newest + 1, after
  end
  closed = string.sub(closed, kept)
  if held > bytes_max and sequence > first then
    local rest = added + ${STREAM_BYTES}
    changes[#changes + 1] = since
    changes[#changes + 1] = rest - bytes
    bytes, held, first, cut = rest, rest, sequence, sequence + 1
  end
end
local has_room = held <= bytes_max
if has_room then
  local open = since .. ' ' .. first .. ' ' .. bytes .. ' ' .. held
  if closed then redis.call('HSET', KEYS[2], 'sequence', sequence + count, 'open', open, 'closed', closed)
  else redis.call('HSET', KEYS[2], 'sequence', sequence + count, 'open', open) end
else
  changes[#changes + 1] = since
  changes[#changes + 1] = -bytes
  redis.call('HSET', KEYS[2], 'sequence', sequence + count, 'open', '', 'closed', '')
  redis.call('DEL', KEYS[1])
end
for at = 1, count do
  if has_room then redis.call('XADD', KEYS[1], sequence + at .. '-0', 'm', messages[at]) end
  redis.call('${publish}', ARGV[3], messages[at])
end
if has_room and cut then redis.call('XTRIM', KEYS[1], 'MINID', cut .. '-0') end
if is_new then
  redis.call('EXPIRE', KEYS[1], keep_s + segment_s)
  redis.call('EXPIRE', KEYS[2], ${STATE_MEMORY_S})${publish === "SPUBLISH" ? ANNOUNCEMENT : ""}
end
redis.call('SET', KEYS[3], ARGV[1] .. ' ' .. offset, 'EX', ${CALL_MEMORY_S})
changes[1] = offset
return changes
`;

/** A script, and the name Redis knows it by once it has seen it. */
function scriptOf(text: string) {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** On a cluster a message goes to the subscribers of its symbol's node, not by way of every node. */
export const SCRIPTS = { one: scriptOf(scriptWith("PUBLISH")), cluster: scriptOf(scriptWith("SPUBLISH")) };
