import { type KeyRecord, reachOf, rightsOf } from "./key-record.js";
import { TokenCaller } from "./token-caller.js";

/** What is known of all tokens at some moment. */
export interface KeySnapshot {
  /** Another one whenever anything in here is another. */
  readonly version: string;
  readonly keys: readonly KeyRecord[];
  /** When all JWTs of a subject that were issued until then were revoked, in milliseconds. */
  readonly subjects: Readonly<Record<string, number>>;
}

/** A key with who shows it. */
export interface KnownKey {
  readonly record: KeyRecord;
  readonly caller: TokenCaller;
}

/** A list that was not confirmed for so long may miss keys, ms: what is not in it is neither known nor refused. */
export const STALE_MS = 30_000;

/** The live keys and the revoked subjects. A look-up costs the same with ten thousand of them as with one. */
export class KeyList {
  #keys: ReadonlyMap<string, KnownKey> = new Map();
  #subjects: ReadonlyMap<string, number> = new Map();
  #version: string | undefined;
  #confirmedMs = Number.NEGATIVE_INFINITY;

  /** @param nowMs a clock that never goes back */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  get version(): string | undefined {
    return this.#version;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** How long ago it was last known to be right. */
  get ageMs(): number {
    return this.nowMs() - this.#confirmedMs;
  }

  get isStale(): boolean {
    return this.ageMs > STALE_MS;
  }

  find(id: string): KnownKey | undefined {
    return this.#keys.get(id);
  }

  /** Whether a JWT that was issued then, in milliseconds, or nobody knows when, was revoked since. */
  isRevoked(subject: string, issuedMs: number | undefined): boolean {
    const revokedMs = this.#subjects.get(subject);
    return revokedMs !== undefined && (issuedMs === undefined || issuedMs <= revokedMs);
  }

  /** Nothing had changed so long ago. */
  confirm(ageMs = 0): void {
    this.#confirmedMs = Math.max(this.#confirmedMs, this.nowMs() - ageMs);
  }

  /** From now on these are all there are, as was known so long ago. Keys that have not changed keep their callers. */
  replace({ version, keys, subjects }: KeySnapshot, ageMs = 0): void {
    const known = keys.map((record): [string, KnownKey] => [record.id, this.#kept(record) ?? this.#made(record)]);
    this.#keys = new Map(known);
    this.#subjects = new Map(Object.entries(subjects));
    this.#version = version;
    this.confirm(ageMs);
  }

  #kept(record: KeyRecord): KnownKey | undefined {
    const before = this.#keys.get(record.id);
    return before !== undefined && JSON.stringify(before.record) === JSON.stringify(record) ? before : undefined;
  }

  #made(record: KeyRecord): KnownKey {
    const reach = reachOf(record);
    const isWithdrawn = () => {
      const now = this.#keys.get(record.id);
      if (now === undefined) return true;
      return now.record !== record && (reachOf(now.record) !== reach || now.caller.isExpired);
    };
    return { record, caller: new TokenCaller(rightsOf(record), isWithdrawn) };
  }
}
