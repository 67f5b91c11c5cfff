/** Two hashes in one pass (FNV-1a, of different primes): what is equal by both is compared name by name all the same. */
const OFFSETS = [0x811c9dc5, 0x2f0b4a27] as const;
const PRIMES = [0x01000193, 0x85ebca6b] as const;

/** Some channels, with a key by which another set of the same ones is found: a channel that comes or goes changes it at once, however many there are. */
export class ChannelSet implements Iterable<string> {
  #names: Set<string>;
  #low = 0;
  #high = 0;

  constructor(names: Iterable<string> = []) {
    this.#names = new Set();
    for (const name of names) this.add(name);
  }

  /** The same for the same channels, in whatever order they came. */
  get key(): string {
    return `${this.#low} ${this.#high}`;
  }

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#names.values();
  }

  add(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#toggle(name);
  }

  delete(name: string): void {
    if (this.#names.delete(name)) this.#toggle(name);
  }

  equals(other: ChannelSet): boolean {
    if (this.size !== other.size || this.key !== other.key) return false;
    for (const name of this) if (!other.has(name)) return false;
    return true;
  }

  /** The same channels, without looking at each of their names. */
  copy(): ChannelSet {
    const copy = new ChannelSet();
    copy.#names = new Set(this.#names);
    copy.#low = this.#low;
    copy.#high = this.#high;
    return copy;
  }

  /** What comes and what goes undoes itself. */
  #toggle(name: string): void {
    let [low, high]: [number, number] = [...OFFSETS];
    for (let at = 0; at < name.length; at += 1) {
      low = Math.imul(low ^ name.charCodeAt(at), PRIMES[0]);
      high = Math.imul(high ^ name.charCodeAt(at), PRIMES[1]);
    }
    this.#low ^= low;
    this.#high ^= high;
  }
}
