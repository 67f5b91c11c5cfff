import type { Place } from "../tick-file/place.js";

/** What a tick is: a single price, or a quote with its two sides. */
export type TickKind = "price" | "quote";

/** Of ticks of both kinds each row leaves empty what it is not. */
const COLUMNS = { price: "price", quote: "bid,ask", mixed: "price,bid,ask" } as const;

/** How rows of one kind become those of a mixed body. */
const WIDE = {
  price: [/^([^,\n]*,[^,\n]*),([^,\n]*)((?:,\d+)?)$/gm, "$1,$2,,$3"],
  quote: [/^([^,\n]*,[^,\n]*),([^,\n]*,[^,\n]*)((?:,\d+)?)$/gm, "$1,,$2$3"],
} as const;

/** The rows of one symbol: kept together, because the service numbers ticks of one stamp that it finds side by side. */
interface SymbolRows {
  text: string;
  readonly places: Place[];
}

/** The rows of a chunk: a CSV document once they are put together. */
export class ChunkRows {
  readonly #rows = new Map<string, SymbolRows>();
  #kind: keyof typeof COLUMNS | undefined;
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
    return this.#kind === "mixed" ? undefined : this.#kind;
  }

  get symbols(): string[] {
    return [...this.#rows.keys()];
  }

  get places(): Place[] {
    return [...this.#rows.values()].flatMap(({ places }) => places);
  }

  get body(): string {
    const rows = [...this.#rows.values()].map(({ text }) => text).join("");
    return `time,symbol,${COLUMNS[this.#kind ?? "price"]}${this.#hasSeq ? ",seq" : ""}\n${rows}`;
  }

  has(symbol: string): boolean {
    return this.#rows.has(symbol);
  }

  /** @param prices one of a price, two of a quote */
  add(symbol: string, time: string, prices: readonly string[], seq: number | undefined, place: Place): void {
    const kind = prices.length === 2 ? "quote" : "price";
    this.#kind ??= kind;
    if (kind !== this.#kind) this.#mix();
    const rows = this.#rowsOf(symbol);
    this.#hasSeq = seq !== undefined;
    rows.text += `${time},${symbol},${this.#cells(prices)}${seq === undefined ? "" : `,${seq}`}\n`;
    rows.places.push(place);
    this.#count += 1;
  }

  #cells([first = "", second]: readonly string[]): string {
    if (this.#kind !== "mixed") return second === undefined ? first : `${first},${second}`;
    return second === undefined ? `${first},,` : `,${first},${second}`;
  }

  #mix(): void {
    const kind = this.kind;
    if (kind !== undefined) {
      const [row, wide] = WIDE[kind];
      for (const rows of this.#rows.values()) rows.text = rows.text.replace(row, wide);
    }
    this.#kind = "mixed";
  }

  #rowsOf(symbol: string): SymbolRows {
    const known = this.#rows.get(symbol);
    if (known !== undefined) return known;
    const rows = { text: "", places: [] };
    this.#rows.set(symbol, rows);
    return rows;
  }
}
