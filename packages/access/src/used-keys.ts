import { type RedisStore, repeat, withDeadline } from "@fx-ohlc/service-kit";
import type { AccessNames } from "./access-names.js";
import type { TokenCaller } from "./token-caller.js";

/** How often it is told which keys were used: not once a request. */
const TELL_INTERVAL_MS = 5000;
const DEADLINE_MS = 2000;

/** Tells on Redis when keys were last used, for tick-ingest to record. */
export class UsedKeys {
  #used: TokenCaller[] = [];
  #stop: (() => Promise<void>) | undefined;

  /** @param names undefined before they are known */
  constructor(
    private readonly redis: RedisStore,
    private readonly names: () => AccessNames | undefined,
  ) {}

  start(): void {
    this.#stop = repeat(TELL_INTERVAL_MS, () => this.#tell());
  }

  async stop(): Promise<void> {
    await this.#stop?.();
  }

  /** Once for each key and interval. */
  note(caller: TokenCaller): void {
    caller.isNoted = true;
    this.#used.push(caller);
  }

  /** What cannot be told is told by the next request with that key: nobody depends on it. */
  async #tell(): Promise<void> {
    const used = this.#used;
    this.#used = [];
    for (const caller of used) caller.isNoted = false;
    const keys = used.filter(({ jwt }) => jwt === undefined);
    const names = this.names();
    if (keys.length === 0 || names === undefined) return;
    const now = String(Date.now());
    const fields = Object.fromEntries(keys.map(({ keyId }) => [keyId, now]));
    const telling = async () => this.redis.clientOf(names.used).hSet(names.used, fields);
    await withDeadline(telling(), DEADLINE_MS, "telling which keys were used").catch(() => undefined);
  }
}
