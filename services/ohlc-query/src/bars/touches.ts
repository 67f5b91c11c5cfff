/** Keys that were met lately: the oldest are forgotten first. */
export class Touches {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** @param keptMax how many are remembered, this one included */
  add(key: string, keptMax: number): void {
    this.#keys.add(key);
    for (const oldest of this.#keys) {
      if (this.#keys.size <= keptMax) return;
      this.#keys.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  clear(): void {
    this.#keys.clear();
  }
}
