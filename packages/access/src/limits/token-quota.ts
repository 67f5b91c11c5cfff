import { setTimeout as delay } from "node:timers/promises";
import type { Limits } from "@fx-ohlc/schemas";
import { type HeldName, Problem, type Quota, type RateName, type RedisStore } from "@fx-ohlc/service-kit";
import type { AccessNames } from "../access-names.js";
import { Allowance, type Settlement } from "./allowance.js";
import { Holdings } from "./holdings.js";
import { settle } from "./settle-script.js";

const RATES = ["requests_per_second", "ticks_per_second", "rows_per_second", "delivered_per_second"] as const;
const HELD = ["connections", "channels"] as const;
/** How often it is settled. */
export const SETTLE_INTERVAL_MS = 250;

/** Where quotas are shared. */
export interface QuotaStore {
  readonly redis: RedisStore;
  /** This process, among those that hold something for a caller. */
  readonly process: string;
  /** undefined before it is known. */
  readonly names: AccessNames | undefined;
}

/**
 * What one caller uses of what it may. Its limits may change meanwhile: what it holds, and owes, stays. They are looked at again
 * at each settlement.
 */
export class TokenQuota implements Quota {
  readonly #rates = new Map<RateName, Allowance>();
  readonly #held: ReadonlyMap<HeldName, Holdings> = new Map(HELD.map((name) => [name, new Holdings()]));
  /** There is another one in its place. */
  isDropped = false;
  #growing: Promise<void> | undefined;

  /** @param id of the token, or the address */
  constructor(
    readonly id: string,
    private limits: () => Limits,
    private readonly store: QuotaStore,
  ) {
    this.#applyLimits();
  }

  /** From now on its limits are these. */
  limitBy(limits: () => Limits): void {
    this.limits = limits;
    this.#applyLimits();
  }

  /** Nothing has to be settled any more. */
  get isIdle(): boolean {
    return (
      [...this.#rates.values()].every(({ isIdle }) => isIdle) &&
      [...this.#held.values()].every(({ isEmpty }) => isEmpty)
    );
  }

  take(rate: RateName, amount: number): void | Promise<void> {
    const allowance = this.#rates.get(rate);
    if (allowance === undefined) return;
    if (!allowance.isOpen) return this.#takeMore(rate, allowance, amount);
    allowance.spend(amount);
  }

  spend(rate: RateName, amount: number): void {
    this.#rates.get(rate)?.spend(amount);
  }

  async pace(rate: RateName, amount: number): Promise<void> {
    // Its limit may be lifted meanwhile.
    const isShut = () => this.#rates.get(rate)?.isOpen === false;
    while (isShut()) {
      await this.#grow();
      if (isShut()) await delay(SETTLE_INTERVAL_MS);
    }
    this.spend(rate, amount);
  }

  isOver(rate: RateName): boolean {
    const allowance = this.#rates.get(rate);
    return allowance !== undefined && !allowance.isOpen && !allowance.isIdle;
  }

  async hold(name: HeldName, count: number): Promise<boolean> {
    const holdings = this.#held.get(name);
    if (holdings === undefined) return true;
    if (!holdings.take(count)) {
      // Another process may have let go of some.
      await this.#tell(name, holdings);
      if (!holdings.take(count)) return false;
    }
    if (!holdings.isLimited) return true;
    // Another process may have taken the last of it a moment ago.
    await this.#tell(name, holdings);
    if (holdings.take(0)) return true;
    this.letGo(name, count);
    return false;
  }

  letGo(name: HeldName, count: number): void {
    this.#held.get(name)?.giveBack(count);
  }

  /** Pays for what was used and leases anew. Never rejects: while Redis is away it goes on at the rate it had. */
  async settle(): Promise<void> {
    this.#applyLimits();
    const { names, redis } = this.store;
    const due = [...this.#held].filter(([, { isDue }]) => isDue);
    await Promise.all([...due.map(([name, holdings]) => this.#tell(name, holdings)), this.#settleRates(redis, names)]);
  }

  #applyLimits(): void {
    const limits = this.limits();
    for (const [name, holdings] of this.#held) holdings.max = limits[name] ?? Number.POSITIVE_INFINITY;
    for (const name of RATES) {
      const [allowance, max] = [this.#rates.get(name), limits[name]];
      if (max === undefined) this.#rates.delete(name);
      else if (allowance === undefined) this.#rates.set(name, new Allowance(max));
      else allowance.perSecond = max;
    }
  }

  async #settleRates(redis: RedisStore, names: AccessNames | undefined): Promise<void> {
    const asked = [...this.#rates].map(([name, allowance]): [RateName, Allowance, Settlement] => [
      name,
      allowance,
      allowance.settle(),
    ]);
    try {
      if (names === undefined) throw new Error("the database is not known yet");
      const accounts = asked.map(([name, { perSecond }, settlement]) => ({
        key: names.allowance(`${this.id}:${name}`),
        perSecond,
        ...settlement,
      }));
      const grants = await settle(redis, accounts);
      for (const [i, { lease, shared }] of grants.entries()) asked[i]?.[1].grant(lease, shared, performance.now());
    } catch {
      const nowMs = performance.now();
      for (const [, allowance, settlement] of asked) allowance.renew(settlement, SETTLE_INTERVAL_MS, nowMs);
    }
  }

  async #tell(name: HeldName, holdings: Holdings): Promise<void> {
    const { names, redis } = this.store;
    if (names === undefined) return;
    await holdings.tell(redis, names.held(`${this.id}:${name}`), this.store.process).catch(() => undefined);
  }

  async #takeMore(rate: RateName, allowance: Allowance, amount: number): Promise<void> {
    if (allowance.mayGrow) await this.#grow();
    if (!allowance.isOpen) throw overLimit(rate, allowance);
    allowance.spend(amount);
  }

  /** All who wait for more share one settlement. */
  #grow(): Promise<void> {
    this.#growing ??= this.settle().finally(() => {
      this.#growing = undefined;
    });
    return this.#growing;
  }
}

/** In the words of draft-ietf-httpapi-ratelimit-headers. */
function overLimit(rate: RateName, { perSecond, waitS }: Allowance): Problem {
  const retryAfterS = Math.max(1, Math.ceil(waitS));
  const name = rate.replace("_per_second", "");
  return new Problem("too_many_requests", `The limit is ${perSecond} ${name} a second.`, {
    retryAfterS,
    headers: { RateLimit: `"${name}";r=0;t=${retryAfterS}`, "RateLimit-Policy": `"${name}";q=${perSecond};w=1` },
  });
}
