import type { Limits, Scope } from "@fx-ohlc/schemas";

/** What the id of a key's rights begins with. */
export const KEY_PREFIX = "key:";

/** What a token is good for, wherever it comes from. */
export interface Rights {
  /** Of a key `key:<id>`, of a JWT `jwt:<sub>`: what limits are counted by. */
  readonly id: string;
  /** For people: a key's name, `jwt:` and a JWT's subject. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Patterns of symbols; undefined: every symbol. */
  readonly symbols: readonly string[] | undefined;
  /** Feeds it may name itself. */
  readonly feeds: readonly string[];
  readonly limits: Limits;
  /** By this machine's clock; undefined: never. */
  readonly expiresMs: number | undefined;
}
