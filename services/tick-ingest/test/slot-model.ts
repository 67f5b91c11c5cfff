/**
 * The identity rules of ticks as a slow and obvious model: the whole table is a list, and every rule is a search in it. The
 * tests hold the real thing to it.
 */
export interface ModelTick {
  symbol: string;
  time: string;
  /** Of a price; a quote has the other two. */
  price?: number | undefined;
  bid?: number | undefined;
  ask?: number | undefined;
  seq?: number | undefined;
}

export interface StoredTick {
  symbol: string;
  time: string;
  /** Of a quote, whose mid follows from its sides, undefined. */
  price: number | undefined;
  bid: number | undefined;
  ask: number | undefined;
  seq: number;
}

/** Whether two ticks of one place are the same one. */
function isSame(a: ModelTick, b: ModelTick): boolean {
  return a.price === b.price && a.bid === b.bid && a.ask === b.ask;
}

export type ModelAnswer = Stored | { status: 409 };
interface Stored {
  status: 201;
  created: number;
  duplicates: number;
}

export class SlotModel {
  table: StoredTick[] = [];

  /** Applies one request: all of it, or nothing. */
  post(request: readonly ModelTick[]): ModelAnswer {
    const before = [...this.table];
    const after = [...this.table];
    const mine: StoredTick[] = [];
    const at = (rows: StoredTick[], tick: ModelTick, seq: number) =>
      rows.find((row) => row.symbol === tick.symbol && row.time === tick.time && row.seq === seq);
    let duplicates = 0;
    const settle = (tick: ModelTick, seq: number) => {
      const { symbol, time, price, bid, ask } = tick;
      const row = { symbol, time, price, bid, ask, seq };
      if (at(after, tick, seq)) duplicates += 1;
      else after.push(row);
      mine.push(row);
    };
    for (const tick of request) {
      if (tick.seq === undefined) continue;
      const taken = at(after, tick, tick.seq);
      if (taken && !isSame(taken, tick)) return { status: 409 };
      settle(tick, tick.seq);
    }
    const seen: ModelTick[] = [];
    for (const tick of request) {
      if (tick.seq !== undefined) continue;
      let seq = seen.filter((other) => other.symbol === tick.symbol && other.time === tick.time).length;
      seen.push(tick);
      const isReplay = () => {
        const stored = at(before, tick, seq);
        return stored !== undefined && isSame(stored, tick) && !at(mine, tick, seq);
      };
      while (at(after, tick, seq) && !isReplay()) seq += 1;
      settle(tick, seq);
    }
    this.table = after;
    return { status: 201, created: request.length - duplicates, duplicates };
  }

  /** Applies requests one after the other, or none of them: then the answer is undefined. */
  postAll(requests: readonly (readonly ModelTick[])[]): Stored | undefined {
    const before = this.table;
    const sum: Stored = { status: 201, created: 0, duplicates: 0 };
    for (const request of requests) {
      const answer = this.post(request);
      if (answer.status === 409) {
        this.table = before;
        return undefined;
      }
      sum.created += answer.created;
      sum.duplicates += answer.duplicates;
    }
    return sum;
  }

  /** The table in the order of (symbol, time, seq). */
  get sorted(): StoredTick[] {
    const key = (row: StoredTick) => `${row.symbol} ${row.time} ${String(row.seq).padStart(4, "0")}`;
    return [...this.table].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}
