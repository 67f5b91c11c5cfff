import type { Scope } from "@fx-ohlc/schemas";
import type { Caller, Quota } from "@fx-ohlc/service-kit";

const EVERY_SYMBOL = {
  ...{ symbols: undefined, maySee: () => true, feeds: undefined },
  ...{ isEnded: false, quota: undefined },
} as const;

/** With `AUTH=off` everybody may do everything. */
export const OPEN_CALLER: Caller = { ...EVERY_SYMBOL, name: "anonymous", has: () => true };

/** A service of this deployment, or whoever watches it: it shows the deployment's secret. */
export const INTERNAL_CALLER: Caller = { ...EVERY_SYMBOL, name: "internal", has: (scope) => scope === "ops" };

/** A caller without a token. */
export class AnonymousCaller implements Caller {
  readonly name = "anonymous";
  readonly symbols = undefined;
  /** Nobody knows who it is. */
  readonly feeds = [];
  readonly isEnded = false;

  /** @param quota looks up what its address may still do */
  constructor(
    private readonly scopes: readonly Scope[],
    private readonly quotaOf: () => Quota | undefined,
  ) {}

  get quota(): Quota | undefined {
    return this.quotaOf();
  }

  has(scope: Scope): boolean {
    return this.scopes.includes(scope);
  }

  maySee(): boolean {
    return true;
  }
}
