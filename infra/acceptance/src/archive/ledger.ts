/** A tick by its place, and what it says. */
export interface LedgerTick {
  readonly symbol: string;
  /** As the service writes it. */
  readonly time: string;
  readonly seq: number;
}

/** A write on its way, or answered. Times are of performance.now(). */
export interface Write {
  readonly begunAt: number;
  /** Infinite until it is answered. */
  endedAt: number;
  /** Null: there is no such tick. */
  readonly value: string | null;
}

/**
 * What is known of each tick: every reader must see a write that was answered before he asked, and may see one that was under way.
 * Whoever writes a tick waits for its last write.
 */
export class Ledger {
  private readonly bySymbol = new Map<string, Map<string, Write[]>>();

  begin(tick: LedgerTick, value: string | null): Write {
    const ticks = this.bySymbol.get(tick.symbol) ?? new Map<string, Write[]>();
    this.bySymbol.set(tick.symbol, ticks);
    const write = { begunAt: performance.now(), endedAt: Number.POSITIVE_INFINITY, value };
    const writes = ticks.get(placeOf(tick)) ?? [];
    ticks.set(placeOf(tick), [...writes, write]);
    return write;
  }

  end(write: Write): void {
    write.endedAt = performance.now();
  }

  /** Nothing was written. */
  refuse(tick: LedgerTick, refused: Write): void {
    const ticks = this.bySymbol.get(tick.symbol);
    const writes = ticks?.get(placeOf(tick))?.filter((write) => write !== refused) ?? [];
    ticks?.set(placeOf(tick), writes);
  }

  has(tick: LedgerTick): boolean {
    return this.bySymbol.get(tick.symbol)?.has(placeOf(tick)) ?? false;
  }

  /** Those that are there for certain, since a time. */
  present(symbol: string, since: string): LedgerTick[] {
    return [...(this.bySymbol.get(symbol) ?? [])]
      .filter(([, writes]) => (writes.at(-1)?.value ?? null) !== null && writes.at(-1)?.endedAt !== Infinity)
      .map(([place]) => tickAt(symbol, place))
      .filter(({ time }) => time >= since);
  }

  /** Everything that is there when nobody writes, ascending. */
  rows(symbol: string): { tick: LedgerTick; value: string }[] {
    return [...(this.bySymbol.get(symbol) ?? [])]
      .flatMap(([place, writes]) => {
        const value = writes.at(-1)?.value ?? null;
        return value === null ? [] : [{ tick: tickAt(symbol, place), value }];
      })
      .sort((a, b) => (placeOf(a.tick) < placeOf(b.tick) ? -1 : 1));
  }

  /** What is wrong in what was read of a symbol, all of it, between two times. */
  faults(symbol: string, read: readonly (readonly [place: string, value: string])[], begunAt: number, endedAt: number) {
    const seen = new Map(read);
    const faults = read.length === seen.size ? [] : [`${symbol}: ${read.length - seen.size} ticks twice`];
    const known = this.bySymbol.get(symbol) ?? new Map<string, Write[]>();
    for (const [place, value] of seen)
      if (!known.has(place)) faults.push(`${symbol} ${place} ${value}: nobody wrote it`);
    for (const [place, writes] of known) {
      const value = seen.get(place) ?? null;
      const allowed = allowedOf(writes, begunAt, endedAt);
      if (!allowed.includes(value)) faults.push(`${symbol} ${place}: ${value} in place of ${allowed.join(" or ")}`);
    }
    return faults;
  }
}

export function placeOf({ time, seq }: Omit<LedgerTick, "symbol">): string {
  return `${time} ${seq}`;
}

function tickAt(symbol: string, place: string): LedgerTick {
  const [time = "", seq = "0"] = place.split(" ");
  return { symbol, time, seq: Number(seq) };
}

function allowedOf(writes: readonly Write[], begunAt: number, endedAt: number): (string | null)[] {
  const last = writes.findLastIndex((write) => write.endedAt <= begunAt);
  const underWay = writes.slice(last + 1).filter((write) => write.begunAt < endedAt);
  return [writes[last]?.value ?? null, ...underWay.map(({ value }) => value)];
}
