import type { Limits } from "@fx-ohlc/schemas";
import { repeat } from "@fx-ohlc/service-kit";
import { type QuotaStore, SETTLE_INTERVAL_MS, TokenQuota } from "./token-quota.js";

/** What callers use of what they may, as long as they use it; settled all together, four times a second. */
export class QuotaBook {
  readonly #quotas = new Map<string, TokenQuota>();
  #stop: (() => Promise<void>) | undefined;

  constructor(
    private readonly store: QuotaStore,
    /** Of callers that have none of their own. */
    private readonly defaults: Limits,
  ) {}

  start(): void {
    this.#stop = repeat(SETTLE_INTERVAL_MS, () => this.#settle());
  }

  async stop(): Promise<void> {
    await this.#stop?.();
  }

  /**
   * There is one for each caller, whatever its limits are meanwhile.
   *
   * @param own its limits of the moment; those of who asked last count
   */
  of(id: string, own: () => Limits): TokenQuota {
    const limits = () => ({ ...this.defaults, ...own() });
    const known = this.#quotas.get(id);
    if (known !== undefined) {
      known.limitBy(limits);
      return known;
    }
    const quota = new TokenQuota(id, limits, this.store);
    this.#quotas.set(id, quota);
    return quota;
  }

  async #settle(): Promise<void> {
    const idle: TokenQuota[] = [];
    const settling = [...this.#quotas].map(async ([id, quota]) => {
      await quota.settle();
      if (quota.isIdle && this.#quotas.get(id) === quota) idle.push(quota);
    });
    await Promise.all(settling);
    for (const quota of idle) {
      quota.isDropped = true;
      this.#quotas.delete(quota.id);
    }
  }
}
