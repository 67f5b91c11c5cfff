/**
 * Notes what was heard. KEYS: heard, delays of now. ARGV: now, for how long delays are kept, how many pairs there may be; then for each
 * pair its name, when it was heard, when a tick came, the tick's time, how often heartbeats come (0 where there is nothing), how many
 * buckets follow, and those with their counts. Numbers are kept as the text that they came as: Lua would round what it writes.
 *
 * Later counts, but for what lies ahead of now: that was written before the clock was set back.
 */
export const HEAR = `
local now = tonumber(ARGV[1])
local function later(new, was)
  if tonumber(new) == 0 then return was end
  if tonumber(new) > tonumber(was) or tonumber(was) > now + 10000000 then return new end
  return was
end
local refused = 0
local room = tonumber(ARGV[3]) - redis.call('HLEN', KEYS[1])
local at = 4
while at <= #ARGV do
  local pair, buckets = ARGV[at], tonumber(ARGV[at + 5])
  local known = redis.call('HGET', KEYS[1], pair)
  if known or room > 0 then
    if not known then room = room - 1 end
    local heard, ticked, time, every = string.match(known or '0 0 0 0', '(%S+) (%S+) (%S+) (%S+)')
    heard = later(ARGV[at + 1], heard)
    ticked = later(ARGV[at + 2], ticked)
    time = later(ARGV[at + 3], time)
    if ARGV[at + 4] ~= '0' then every = ARGV[at + 4] end
    redis.call('HSET', KEYS[1], pair, heard .. ' ' .. ticked .. ' ' .. time .. ' ' .. every)
    for bucket = at + 6, at + 4 + 2 * buckets, 2 do
      redis.call('HINCRBY', KEYS[2], pair .. '\\t' .. ARGV[bucket], ARGV[bucket + 1])
    end
  else
    refused = refused + 1
  end
  at = at + 6 + 2 * buckets
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
return refused`;

/** Takes the lease, or keeps it. KEYS: lease. ARGV: who, for how long (ms). */
export const LEASE = `
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/**
 * Tells what has changed, if the lease is still held. KEYS: lease, watched, version, states, status. ARGV: who, since and until when
 * was watched, the new version; how many states follow, those with their names, and symbols likewise. An empty state is none.
 */
export const TELL = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2])
local at, changed = 4, false
for key = 4, 5 do
  local count = tonumber(ARGV[at])
  at = at + 1
  for i = 1, count do
    if ARGV[at + 1] == '' then redis.call('HDEL', KEYS[key], ARGV[at])
    else redis.call('HSET', KEYS[key], ARGV[at], ARGV[at + 1]) end
    at = at + 2
    changed = true
  end
end
if changed then redis.call('SET', KEYS[3], ARGV[3]) end
return 1`;

/** Forgets pairs of which nothing has come meanwhile. KEYS: heard. ARGV: each pair, and what is known of it. */
export const FORGET = `
local gone = 0
for at = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then gone = gone + redis.call('HDEL', KEYS[1], ARGV[at]) end
end
return gone`;
