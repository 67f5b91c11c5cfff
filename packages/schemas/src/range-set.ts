import type { Micros } from "./time.js";

/** The instants from `fromUs` up to, but not including, `toUs`. */
export interface TimeRange {
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** Such a range of one symbol's time. */
export interface SymbolRange extends TimeRange {
  readonly symbol: string;
}

/**
 * A union of time ranges: ascending, disjoint, and never more than `sizeMax` of them. Beyond that the two that lie closest
 * become one, so that the set only ever grows to cover more than it was told, never less.
 */
export class RangeSet {
  #ranges: TimeRange[] = [];

  /** @param joinUs ranges that lie no further apart become one */
  constructor(
    private readonly sizeMax: number,
    private readonly joinUs: Micros = 0,
  ) {}

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** Adds a range; one that is empty changes nothing. */
  add(fromUs: Micros, toUs: Micros): void {
    if (fromUs >= toUs) return;
    const ranges = this.#ranges;
    let first = ranges.length;
    while (first > 0 && (ranges[first - 1]?.toUs ?? fromUs) + this.joinUs >= fromUs) first -= 1;
    let after = first;
    let merged: TimeRange = { fromUs, toUs };
    for (let next = ranges[after]; next !== undefined && next.fromUs <= toUs + this.joinUs; next = ranges[after]) {
      merged = hull(merged, next);
      after += 1;
    }
    ranges.splice(first, after - first, merged);
    if (ranges.length > this.sizeMax) this.#mergeClosest();
  }

  /** Empties the set and returns what it held, ascending. */
  take(): readonly TimeRange[] {
    const taken = this.#ranges;
    this.#ranges = [];
    return taken;
  }

  #mergeClosest(): void {
    const gaps = this.#ranges.slice(1).map((range, index) => range.fromUs - (this.#ranges[index]?.toUs ?? 0));
    const closest = gaps.indexOf(Math.min(...gaps));
    const [left, right] = this.#ranges.slice(closest, closest + 2);
    if (left !== undefined && right !== undefined) this.#ranges.splice(closest, 2, hull(left, right));
  }
}

/** The smallest range that holds both. */
export function hull(a: TimeRange, b: TimeRange): TimeRange {
  return { fromUs: Math.min(a.fromUs, b.fromUs), toUs: Math.max(a.toUs, b.toUs) };
}
