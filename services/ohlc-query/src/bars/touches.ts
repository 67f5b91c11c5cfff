/** So many are remembered, some 1 MB: a page of charts asks for hundreds, a scan for every one there is. */
const KEPT_MAX = 10_000;

/** What was done once lately: the oldest are forgotten first. */
export class Touches {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    const [oldest] = this.#keys;
    if (this.#keys.size >= KEPT_MAX && oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.add(key);
  }

  clear(): void {
    this.#keys.clear();
  }
}
