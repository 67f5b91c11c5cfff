import { formatTime, type Micros, US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";

/** An answer, to be compared byte by byte. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

const PAGED_FORMATS = ["json", "csv", "ndjson", "columns", "parquet", "arrow"];
const WHOLE_FORMATS = ["json", "csv", "ndjson", "parquet", "arrow"];
/** Pages that are followed from a first one. */
const PAGES_MAX = 6;

/** Questions about days that have ended, whose answers no drop may change. */
export class Questions {
  /** @param fromUs before the first tick of all */
  constructor(
    private readonly random: () => number,
    private readonly symbols: readonly string[],
    private readonly fromUs: Micros,
    private readonly toUs: Micros,
  ) {}

  /** @param edgeUs where days are dropped now: half of the questions are about days around it */
  some(count: number, edgeUs: Micros): string[] {
    return Array.from({ length: count }, () => this.one(edgeUs));
  }

  private one(edgeUs: Micros): string {
    const [startUs, endUs] = this.range(edgeUs);
    const symbol = `symbol=${encodeURIComponent(this.pick(this.symbols))}`;
    const range = `${symbol}&start=${formatTime(startUs)}&end=${formatTime(endUs)}`;
    const before = `${symbol}&end=${formatTime(endUs)}`;
    const seconds = this.pick(["1s", "5s", "10s", "15s", "30s"]);
    const ticks = this.pick(["10t", "17t", "33t", "50t", "250t"]);
    const stored = this.pick(["1m", "5m", "1h", "4h", "1d"]);
    const interval = this.pick([seconds, ticks, stored]);
    const kind = this.pick([
      "include=bid,ask,spread",
      "price=bid",
      "price=ask&include=bid",
      "include=spread&price=bid",
    ]);
    return this.pick([
      `/ticks?${range}&limit=${1 + this.int(200)}&format=${this.pick(PAGED_FORMATS)}`,
      `/ticks?${range}&limit=all&format=${this.pick(WHOLE_FORMATS)}`,
      `/ticks?${range}&limit=${20 + this.int(80)}`,
      `/ohlc?${range}&interval=${seconds}&limit=${1 + this.int(500)}&format=${this.pick(PAGED_FORMATS)}`,
      `/ohlc?${range}&interval=${interval}&${kind}&limit=300`,
      `/ohlc?${before}&interval=${seconds}&count=${1 + this.int(60)}`,
      `/ohlc?${before}&interval=${ticks}&count=${1 + this.int(60)}&${kind}`,
      `/ohlc?${range}&interval=${ticks}&limit=${1 + this.int(300)}`,
      `/ohlc.csv?${range}&interval=${interval}&limit=all`,
      `/ohlc?${range}&interval=${stored}&limit=500&${kind}`,
      `/ohlc?${range}&interval=10s&fill=previous&limit=200`,
    ]);
  }

  private range(edgeUs: Micros): [Micros, Micros] {
    const spanUs = this.random() ** 2 * 8 * US_PER_DAY + US_PER_HOUR;
    const middleUs =
      this.random() < 0.5
        ? edgeUs + (this.random() - 0.5) * 2 * US_PER_DAY
        : this.fromUs + this.random() * (this.toUs - this.fromUs);
    const startUs = Math.min(Math.floor(middleUs - spanUs / 2), this.toUs - US_PER_HOUR);
    return [startUs, Math.min(Math.floor(middleUs + spanUs / 2), this.toUs)];
  }

  private int(below: number): number {
    return Math.floor(this.random() * below);
  }

  private pick<T>(items: readonly T[]): T {
    const item = items[this.int(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }
}

/** Asks, and follows some pages: their links are part of the answer. */
export async function answerTo(url: string, path: string): Promise<Answered> {
  let text = "";
  let status = 0;
  let next: string | undefined = url + path;
  for (let page = 0; next !== undefined && page < PAGES_MAX; page += 1) {
    const response: Response = await fetch(next);
    const link = response.headers.get("link");
    status = response.status;
    text += `${link}\n${Buffer.from(await response.arrayBuffer()).toString("latin1")}`;
    if (status !== 200) break;
    next = /^<([^>]+)>; rel="next"$/.exec(link ?? "")?.[1];
  }
  return { status, text };
}
