import type { Scope } from "@fx-ohlc/schemas";
import type { Caller } from "@fx-ohlc/service-kit";

const EVERY_SYMBOL = { symbols: undefined, maySee: () => true, isEnded: false } as const;

/** With `AUTH=off` everybody may do everything. */
export const OPEN_CALLER: Caller = { ...EVERY_SYMBOL, name: "anonymous", has: () => true };

/** A service of this deployment, or whoever watches it: it shows the deployment's secret. */
export const INTERNAL_CALLER: Caller = { ...EVERY_SYMBOL, name: "internal", has: (scope) => scope === "ops" };

/** A caller without a token. */
export function anonymousCaller(scopes: readonly Scope[]): Caller {
  return { ...EVERY_SYMBOL, name: "anonymous", has: (scope) => scopes.includes(scope) };
}
