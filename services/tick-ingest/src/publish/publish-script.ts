import { createHash, randomBytes } from "node:crypto";
import { publishedBatchKey, streamKey, streamStateKey, tickChannel } from "@fx-ohlc/schemas";
import type { RedisStore } from "@fx-ohlc/service-kit";

/**
 * Some messages onto a symbol's stream and channel, in one atomic step.
 *
 * A call that was executed before (its answer was lost) is answered as it was then. When the server is not the one
 * that wrote the stream last (another replication id: restarted, failed over, or emptied), a new epoch begins with an empty
 * stream, so that the old one can never be mistaken for it.
 *
 * A new epoch has forgotten which calls were executed. A call that is repeated in another epoch than it was first made in may
 * have reached clients before the old one ended: it puts messages in the place of the first ones that say so.
 *
 * KEYS: stream, its state, the last call of this ingest process. ARGV: call id, epoch to begin if one must, channel,
 * stream length, seconds to remember the call, up to which commit everything is told with this call, how many messages it
 * has, and each of them before and after its offset; of a repeated call also the epoch it was first made in, and as many
 * other messages. The answer is the last offset.
 */
const scriptWith = (publish: "PUBLISH" | "SPUBLISH") => `
local last = redis.call('GET', KEYS[3])
if last then
  local id, offset = string.match(last, '^(%S+) (%S+)')
  if id == ARGV[1] then return offset end
end
local replid = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local state = redis.call('HMGET', KEYS[2], 'epoch', 'replid')
local epoch = state[1]
if not epoch or state[2] ~= replid then
  epoch = ARGV[2]
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], 'epoch', epoch, 'replid', replid)
end
local count, before = tonumber(ARGV[7]), 7
local first_epoch = ARGV[8 + 2 * count]
if first_epoch and first_epoch ~= epoch then before = 8 + 2 * count end
local sequence = redis.call('HINCRBY', KEYS[2], 'sequence', count) - count
local offset
for at = 1, count do
  offset = epoch .. '-' .. sequence + at
  local message = ARGV[before + 2 * at - 1] .. offset .. ARGV[before + 2 * at]
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], sequence + at .. '-0', 'm', message)
  redis.call('${publish}', ARGV[3], message)
end
redis.call('SET', KEYS[3], ARGV[1] .. ' ' .. offset .. ' ' .. ARGV[6], 'EX', ARGV[5])
return offset
`;

interface Script {
  readonly text: string;
  readonly sha: string;
}

function scriptOf(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** On a cluster a message goes to the subscribers of its symbol's node, not by way of every node. */
const SCRIPTS = { one: scriptOf(scriptWith("PUBLISH")), cluster: scriptOf(scriptWith("SPUBLISH")) };

/** Entries a symbol's stream keeps: with at most 200 ticks each, some 70 MB at the very worst. */
const STREAM_LENGTH = 5000;
/** How long a dead process's last call is remembered, for its successor to compare with the ledger. */
const CALL_MEMORY_S = 7 * 86_400;

/** A message's JSON before and after its offset. */
export interface MessageText {
  readonly head: string;
  readonly tail: string;
}

/** One call of the script. */
export interface PublishCall {
  readonly symbol: string;
  /** Numbers the calls of this process on this symbol. A call keeps it when it is made again. */
  readonly id: number;
  /** The newest commit up to which, with this call, everything about the symbol is told. */
  readonly toldUpTo: number;
  /** At least one. */
  readonly messages: readonly MessageText[];
  /** Given when the call was made before and nobody knows whether it was executed. */
  readonly repeat?: Repeat | undefined;
}

export interface Repeat {
  /** The epoch the call was first made in; undefined when it is not known. */
  readonly epoch: string | undefined;
  /** What is told in another epoch than that, message by message. */
  readonly ifLost: readonly MessageText[];
}

function parts(messages: readonly MessageText[]): string[] {
  return messages.flatMap(({ head, tail }) => [head, tail]);
}

/** A random epoch: 8 characters of a-z and 0-9. */
function newEpoch(): string {
  return BigInt(`0x${randomBytes(8).toString("hex")}`)
    .toString(36)
    .padStart(8, "0")
    .slice(-8);
}

/**
 * Publishes messages. When it failed it can be called again, as a repeat.
 *
 * @returns the offset of the last one
 */
export async function publish(redis: RedisStore, ingestId: string, call: PublishCall): Promise<string> {
  const { symbol, messages, repeat } = call;
  const options = {
    keys: [streamKey(symbol), streamStateKey(symbol), publishedBatchKey(symbol, ingestId)],
    arguments: [
      String(call.id),
      newEpoch(),
      tickChannel(symbol),
      String(STREAM_LENGTH),
      String(CALL_MEMORY_S),
      String(call.toldUpTo),
      String(messages.length),
      ...parts(messages),
      ...(repeat === undefined ? [] : [repeat.epoch ?? "", ...parts(repeat.ifLost)]),
    ],
  };
  const client = redis.clientOf(streamKey(symbol));
  const { text, sha } = SCRIPTS[redis.isCluster ? "cluster" : "one"];
  try {
    return String(await client.evalSha(sha, options));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return String(await client.eval(text, options));
  }
}

/**
 * Up to which of its commits an ingest process has told everything about a symbol, by its last call; undefined when Redis knows
 * of none.
 */
export async function lastToldCommit(redis: RedisStore, ingestId: string, symbol: string): Promise<number | undefined> {
  const key = publishedBatchKey(symbol, ingestId);
  const last = await redis.clientOf(key).get(key);
  const [, , toldUpTo] = typeof last === "string" ? last.split(" ") : [];
  return toldUpTo === undefined ? undefined : Number(toldUpTo);
}
