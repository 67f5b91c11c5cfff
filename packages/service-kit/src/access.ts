import type { IncomingMessage } from "node:http";
import type { LimitName, Scope } from "@fx-ohlc/schemas";
import { Problem } from "./problem.js";

/**
 * Who may call a route: who has a scope, who shows any token, everybody, or only this deployment's own services, which show its
 * secret.
 */
export type RouteAccess = Scope | "any-token" | "public" | "internal";

/** Limits of what is used up, and of what is held. */
export type RateName = Extract<LimitName, `${string}_per_second`>;
export type HeldName = Exclude<LimitName, RateName>;

/** How much a caller may do, across all processes. A rate that it has no limit for is never used up. */
export interface Quota {
  /**
   * Takes something from an allowance that is not used up, whole: what is too much is a debt.
   *
   * @throws Problem 429
   */
  take(rate: RateName, amount: number): void | Promise<void>;
  /** What was done already counts, too. */
  spend(rate: RateName, amount: number): void;
  /** Takes something as soon as there is an allowance. */
  pace(rate: RateName, amount: number): Promise<void>;
  isOver(rate: RateName): boolean;
  /** @returns false when it would hold too much */
  hold(name: HeldName, count: number): Promise<boolean>;
  letGo(name: HeldName, count: number): void;
}

/** Who makes a request, as far as a service has to know. */
export interface Caller {
  /** The token's name, for logs, metrics and the audit; never the token. */
  readonly name: string;
  /** Patterns of the symbols the token may touch; undefined: every symbol. */
  readonly symbols: readonly string[] | undefined;
  /** Feeds it may name itself; undefined: any. */
  readonly feeds: readonly string[] | undefined;
  /** Whether the token has expired or was revoked, or its rights were changed, since it was shown. */
  readonly isEnded: boolean;
  /** undefined: it may do as much as it likes. */
  readonly quota: Quota | undefined;
  has(scope: Scope): boolean;
  maySee(symbol: string): boolean;
}

/** What of a route's declaration decides who may call it. */
export interface Guarded {
  readonly access: RouteAccess;
  /** Probes ask by address: such a route answers whatever `Host` says. */
  readonly anyHost?: true;
}

/** Judges who may call a route, once for all routes of a service. */
export interface Gate {
  /**
   * Who makes a request. What it shows in its URL is taken out of it, so that nobody after it can repeat it.
   *
   * @throws Problem 401, 403, 421, 429 or 503
   */
  admit(req: IncomingMessage, route: Guarded): Caller | Promise<Caller>;
}

/**
 * Holds a caller to the symbols of its token.
 *
 * @throws Problem 403 naming the first symbol that it may not touch
 */
export function requireSymbols(caller: Caller, symbols: Iterable<string>): void {
  if (caller.symbols === undefined) return;
  for (const symbol of symbols) {
    if (!caller.maySee(symbol)) throw new Problem("forbidden", `This token may not touch the symbol ${symbol}.`);
  }
}

/** Told to who was admitted with a token that has ended since, or whose rights are others. */
export function endedToken(): Problem {
  const headers = { "WWW-Authenticate": "Bearer" };
  return new Problem("unauthorized", "This token has ended, or its rights were changed.", { headers });
}

/**
 * For what goes on for long after it was admitted.
 *
 * @throws Problem 401 when the caller's token has ended meanwhile
 */
export function requireCurrent(caller: Pick<Caller, "isEnded">): void {
  if (caller.isEnded) throw endedToken();
}
