import { type RedisStore, withDeadline } from "@fx-ohlc/service-kit";

const DEADLINE_MS = 1000;
/** What a process that is gone held is forgotten after this, ms; one that lives tells sooner. */
const FORGET_MS = 15_000;
export const TELL_INTERVAL_MS = 5000;

/**
 * Tells what this process holds for a caller, and answers what the others do. KEYS: the caller's. ARGV: this process, what it
 * holds, and after how many milliseconds others count as gone.
 */
const TELL = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] == '0' then redis.call('HDEL', KEYS[1], ARGV[1])
else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. now) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local others = 0
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local count, at = string.match(all[i + 1], '^(%d+) (%d+)$')
  if all[i] ~= ARGV[1] and now - tonumber(at) < tonumber(ARGV[3]) then others = others + tonumber(count) end
end
return others`;

/**
 * How much of something that is held, not used up (connections, channels), a caller has in all processes. It is counted without a
 * limit too, for one may be set while something is held; only then the other processes are told.
 */
export class Holdings {
  #max = Number.POSITIVE_INFINITY;
  #own = 0;
  #others = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #isTold = true;

  /** Infinity: no limit. */
  get max(): number {
    return this.#max;
  }

  set max(max: number) {
    if (!this.isLimited) this.#isTold = false;
    this.#max = max;
  }

  get isLimited(): boolean {
    return this.#max < Number.POSITIVE_INFINITY;
  }

  get isEmpty(): boolean {
    return this.#own === 0 && (this.#isTold || !this.isLimited);
  }

  /** Whether the others should hear of it. */
  get isDue(): boolean {
    if (!this.isLimited) return false;
    return !this.#isTold || (this.#own > 0 && performance.now() - this.#toldMs >= TELL_INTERVAL_MS);
  }

  /** @returns false when it would be too much */
  take(count: number): boolean {
    if (this.#own + this.#others + count > this.#max) return false;
    this.#own += count;
    this.#isTold = false;
    return true;
  }

  giveBack(count: number): void {
    this.#own = Math.max(0, this.#own - count);
    this.#isTold = false;
  }

  /** What the others hold stays as it was while Redis is away. */
  async tell(redis: RedisStore, key: string, process: string): Promise<void> {
    const own = this.#own;
    const telling = async () =>
      redis.clientOf(key).eval(TELL, { keys: [key], arguments: [process, String(own), String(FORGET_MS)] });
    this.#others = Number(await withDeadline(telling(), DEADLINE_MS, "telling what callers hold"));
    this.#isTold = own === this.#own;
    this.#toldMs = performance.now();
  }
}
