import { type RedisStore, withDeadline } from "@fx-ohlc/service-kit";
import { BURST_S, type Settlement } from "./allowance.js";

const DEADLINE_MS = 1000;
/** How long an allowance that nobody uses is remembered: then it is full. A debt is remembered until it is paid. */
const MEMORY_MS = 10_000;

/**
 * Settles leases. KEYS: allowances. ARGV, for each: per second, what is given back (below 0: a debt), what is wanted. The answer
 * is, for each, what was leased and what is left for all.
 */
const SETTLE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {}
for i, key in ipairs(KEYS) do
  local rate, returned, wanted = tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3])
  local full = rate * ${BURST_S}
  local stored = redis.call('HMGET', key, 'left', 'at')
  local left = tonumber(stored[1]) or full
  left = math.min(full, left + (now - (tonumber(stored[2]) or now)) / 1000 * rate + returned)
  local lease = math.max(0, math.min(left, wanted))
  left = left - lease
  redis.call('HSET', key, 'left', tostring(left), 'at', now)
  redis.call('PEXPIRE', key, ${MEMORY_MS} + math.ceil(math.max(0, -left) / rate * 1000))
  answer[i * 2 - 1] = tostring(lease)
  answer[i * 2] = tostring(left)
end
return answer`;

/** One allowance to settle. */
export interface Account extends Settlement {
  readonly key: string;
  readonly perSecond: number;
}

/** What Redis says of an account. */
export interface Grant {
  readonly lease: number;
  /** For all processes, after the lease. */
  readonly shared: number;
}

/** Settles some accounts in one call. */
export async function settle(redis: RedisStore, accounts: readonly Account[]): Promise<readonly Grant[]> {
  const [first] = accounts;
  if (first === undefined) return [];
  const settling = async () =>
    redis.clientOf(first.key).eval(SETTLE, {
      keys: accounts.map(({ key }) => key),
      arguments: accounts.flatMap(({ perSecond, returned, wanted }) => [perSecond, returned, wanted].map(String)),
    });
  const answer = await withDeadline(settling(), DEADLINE_MS, "settling what callers may do");
  const numbers = Array.isArray(answer) ? answer.map(Number) : [];
  return accounts.map((_, i) => ({ lease: numbers[2 * i] ?? 0, shared: numbers[2 * i + 1] ?? 0 }));
}
