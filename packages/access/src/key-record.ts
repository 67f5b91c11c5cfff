import type { Limits, Scope } from "@fx-ohlc/schemas";
import { KEY_PREFIX, type Rights } from "./rights.js";

/** A live API key, as the snapshot holds it. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of its secret, in hex. */
  readonly hash: string;
  readonly scopes: readonly Scope[];
  /** null: every symbol. */
  readonly symbols: readonly string[] | null;
  /** Feeds it may name itself; null, or absent in a list that an older service has written: its own name alone. */
  readonly feeds?: readonly string[] | null;
  readonly limits: Limits;
  readonly inUrl: boolean;
  /** null: never. */
  readonly expiresMs: number | null;
}

/** What a key is good for. */
export function rightsOf({ id, name, scopes, symbols, feeds, limits, expiresMs }: KeyRecord): Rights {
  return {
    ...{ id: `${KEY_PREFIX}${id}`, name, scopes, limits },
    symbols: symbols ?? undefined,
    feeds: feeds ?? [name],
    expiresMs: expiresMs ?? undefined,
  };
}

/** Keys of which this is the same open the same: sockets of one need not end when it changes otherwise. */
export function reachOf({ hash, scopes, symbols, feeds = null }: KeyRecord): string {
  return JSON.stringify([hash, scopes, symbols, feeds]);
}
