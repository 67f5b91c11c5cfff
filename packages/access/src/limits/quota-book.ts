import type { Limits } from "@fx-ohlc/schemas";
import { repeat } from "@fx-ohlc/service-kit";
import { type QuotaStore, SETTLE_INTERVAL_MS, TokenQuota } from "./token-quota.js";

/** Quotas of callers that have limits, as long as they are in use; settled all together, four times a second. */
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

  /** undefined for a caller that may do as much as it likes. */
  of(id: string, own: Limits): TokenQuota | undefined {
    const limits = { ...this.defaults, ...own };
    if (Object.keys(limits).length === 0) return undefined;
    const known = this.#quotas.get(id);
    if (known !== undefined && JSON.stringify(known.limits) === JSON.stringify(limits)) return known;
    if (known !== undefined) known.isDropped = true;
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
