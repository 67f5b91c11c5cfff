import type { Place } from "../tick-file/place.js";

/** What a tick is: a single price, or a quote with its two sides. */
export type TickKind = "price" | "quote";

/** Of ticks of both kinds each row leaves empty what it is not. */
const COLUMNS = { price: "price", quote: "bid,ask", mixed: "price,bid,ask" } as const;

/** A tick as it is sent. */
export interface ChunkRow {
  readonly time: string;
  /** One of a price, two of a quote. */
  readonly prices: readonly string[];
  readonly seq: number | undefined;
  readonly place: Place;
}

export function kindOfPrices(prices: readonly unknown[]): TickKind {
  return prices.length === 2 ? "quote" : "price";
}

/** The rows of a chunk: a CSV document once they are put together. */
export class ChunkRows {
  /** Those of one symbol are kept together, because the service numbers ticks of one stamp that it finds side by side. */
  readonly #rows = new Map<string, ChunkRow[]>();
  readonly #kinds = new Set<TickKind>();
  #count = 0;
  #hasSeq = false;

  /** Whether its rows say their places: an empty one would be a mistake, so all of them do or none. */
  get hasSeq(): boolean {
    return this.#hasSeq;
  }

  get count(): number {
    return this.#count;
  }

  /** @returns what all its ticks are, undefined where there are both */
  get kind(): TickKind | undefined {
    const [kind, other] = this.#kinds;
    return other === undefined ? kind : undefined;
  }

  get bySymbol(): ReadonlyMap<string, readonly ChunkRow[]> {
    return this.#rows;
  }

  get symbols(): string[] {
    return [...this.#rows.keys()];
  }

  get places(): Place[] {
    return [...this.#rows.values()].flatMap((rows) => rows.map(({ place }) => place));
  }

  /** @param seqOf another number than the row's own */
  body(seqOf = ({ seq }: ChunkRow) => seq): string {
    const kind = this.kind ?? "mixed";
    const cells = kind === "mixed" ? mixedCells : (prices: readonly string[]) => prices.join(",");
    let text = `time,symbol,${COLUMNS[kind]}${this.#hasSeq ? ",seq" : ""}\n`;
    for (const [symbol, rows] of this.#rows) {
      for (const row of rows) {
        text += `${row.time},${symbol},${cells(row.prices)}${this.#hasSeq ? `,${seqOf(row)}` : ""}\n`;
      }
    }
    return text;
  }

  has(symbol: string): boolean {
    return this.#rows.has(symbol);
  }

  add(symbol: string, row: ChunkRow): void {
    this.#kinds.add(kindOfPrices(row.prices));
    this.#hasSeq = row.seq !== undefined;
    const rows = this.#rows.get(symbol);
    if (rows === undefined) this.#rows.set(symbol, [row]);
    else rows.push(row);
    this.#count += 1;
  }
}

function mixedCells([first, second]: readonly string[]): string {
  return second === undefined ? `${first},,` : `,${first},${second}`;
}
