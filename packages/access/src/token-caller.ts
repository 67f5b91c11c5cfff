import type { Limits, Scope } from "@fx-ohlc/schemas";
import type { Caller, Quota } from "@fx-ohlc/service-kit";
import type { TokenQuota } from "./limits/token-quota.js";
import { KEY_PREFIX, type Rights } from "./rights.js";
import { SymbolPatterns } from "./symbol-patterns.js";

/** Which of a subject's JWTs it was. */
export interface JwtIdentity {
  readonly subject: string;
  /** When it was issued, in milliseconds; undefined: it does not say. */
  readonly issuedMs: number | undefined;
}

/** A caller that has shown a token. */
export class TokenCaller implements Caller {
  readonly name: string;
  readonly symbols: readonly string[] | undefined;
  readonly feeds: readonly string[];
  /** Of a caller with a key: it is asked for at every request. */
  readonly keyId: string;
  /** Looks up what it may still do; made known by the gate. */
  quotaOf: (() => TokenQuota) | undefined;
  /** Whether it was noted that the token is in use. */
  isNoted = false;
  #quota: TokenQuota | undefined;
  readonly #scopes: ReadonlySet<Scope>;
  readonly #patterns: SymbolPatterns | undefined;

  /**
   * @param isWithdrawn whether somebody has revoked the token, or taken rights from it
   * @param jwt of a caller with one; undefined: it has a key
   */
  constructor(
    readonly rights: Rights,
    private readonly isWithdrawn: () => boolean,
    readonly jwt?: JwtIdentity,
  ) {
    this.name = rights.name;
    this.symbols = rights.symbols;
    this.feeds = rights.feeds;
    this.keyId = rights.id.slice(KEY_PREFIX.length);
    this.#scopes = new Set(rights.scopes);
    this.#patterns = rights.symbols === undefined ? undefined : new SymbolPatterns(rights.symbols);
  }

  get id(): string {
    return this.rights.id;
  }

  get quota(): Quota | undefined {
    if (this.#quota === undefined || this.#quota.isDropped) this.#quota = this.quotaOf?.();
    return this.#quota;
  }

  get limits(): Limits {
    return this.rights.limits;
  }

  get isExpired(): boolean {
    const { expiresMs } = this.rights;
    return expiresMs !== undefined && Date.now() >= expiresMs;
  }

  get isEnded(): boolean {
    return this.isExpired || this.isWithdrawn();
  }

  has(scope: Scope): boolean {
    return this.#scopes.has(scope);
  }

  maySee(symbol: string): boolean {
    return this.#patterns?.covers(symbol) ?? true;
  }
}
