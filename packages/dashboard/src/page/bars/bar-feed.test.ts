import { BarFeed, type FeedState } from "./bar-feed.js";
import type { BarSource } from "./bar-source.js";
import { type BarSeries, bucketOf } from "./buckets.js";
import type { ChartBar } from "./chart-bar.js";
import { foldBars } from "./live-fold.js";

const SERIES: BarSeries = { symbol: "EURUSD", interval: "5m", boundary: "22utc" };
const MINUTES = 4_000;

const minute = (at: number, close = 1): ChartBar => ({ time: at * 60, open: 1, high: close, low: 1, close, count: 1 });

/** A database of minutes, which answers when it is told to. */
class Stored implements BarSource {
  minutes = Array.from({ length: MINUTES }, (_, at) => minute(at));
  fails = false;
  /** Runs after the first page was read, before what belongs to its last bars is. */
  meanwhile = (): void => {};

  get bars(): ChartBar[] {
    const buckets = new Map<number, ChartBar[]>();
    for (const part of this.minutes) {
      const bucket = bucketOf(part.time, SERIES);
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), part]);
    }
    return [...buckets].flatMap(([time, parts]) => foldBars(time, parts) ?? []);
  }

  async before(_: BarSeries, end: number | undefined, count: number) {
    if (this.fails) throw new Error("away");
    const page = this.bars.filter(({ time }) => time < (end ?? Number.POSITIVE_INFINITY)).slice(-count);
    this.meanwhile();
    return page;
  }

  async range(_: BarSeries, { start, end = Number.POSITIVE_INFINITY }: { start: number; end?: number }) {
    if (this.fails) throw new Error("away");
    return this.bars.filter(({ time }) => time >= start && time < end);
  }

  async parts(_: BarSeries, start: number) {
    return this.minutes.filter(({ time }) => time >= start);
  }
}

let stored: Stored;
let feed: BarFeed;
let state: FeedState | undefined;
let drawn: readonly ChartBar[];
let onDrawn: () => void;

beforeEach(async () => {
  stored = new Stored();
  drawn = [];
  onDrawn = () => {};
  feed = new BarFeed(stored, {
    onBars: (bars) => {
      drawn = bars;
      onDrawn();
    },
    onBar: () => {
      drawn = feed.bars;
    },
    onState: (next) => {
      state = next;
    },
  });
  await feed.open(SERIES);
});

afterEach(() => feed.close());

/** The stream brings a minute, which is stored too. */
function live(bar: ChartBar): void {
  stored.minutes = [...stored.minutes.filter(({ time }) => time !== bar.time), bar].sort((a, b) => a.time - b.time);
  feed.onPart({ bar, kind: "bar" });
}

const expectStored = (): void => expect(drawn).toEqual(stored.bars.slice(-drawn.length));
const untilDrawn = (): Promise<void> =>
  new Promise((resolve) => {
    onDrawn = resolve;
  });

describe("BarFeed", () => {
  it("joins pages of history to all there is, and knows when that is", async () => {
    while (state?.older === "more") await feed.loadOlder();
    expect(drawn).toEqual(stored.bars);
    expect(state).toEqual({ status: "ready", older: "end" });
  });

  it("folds live minutes into the newest bar and begins the next one", () => {
    for (let at = MINUTES; at < MINUTES + 12; at += 1) {
      live(minute(at, 2 + at / 1_000));
      expectStored();
    }
  });

  it("loses nothing of what comes while it loads, and is not set back by what is older than it read", async () => {
    stored.meanwhile = () => {
      stored.meanwhile = () => {};
      live(minute(MINUTES, 3));
      feed.onPart({ bar: { ...minute(MINUTES - 1), count: 0.5 }, kind: "bar" });
    };
    await feed.open(SERIES);
    expectStored();
  });

  it("reads an older bar again when a part of it changed, and takes it out when nothing is left of it", async () => {
    const changed = minute(MINUTES - 500, 7);
    const redrawn = untilDrawn();
    live(changed);
    await redrawn;
    expectStored();
    expect(drawn.some(({ high }) => high === 7)).toBe(true);
    const start = bucketOf(changed.time, SERIES);
    stored.minutes = stored.minutes.filter(({ time }) => bucketOf(time, SERIES) !== start);
    const gone = untilDrawn();
    feed.onChanged(start, start);
    await gone;
    expectStored();
    expect(drawn.some(({ time }) => time === start)).toBe(false);
  });

  it("equals what is stored after a refresh, whatever was missed", async () => {
    stored.minutes = [...stored.minutes.filter((_, at) => at % 700 !== 0), minute(MINUTES + 3, 9)];
    expect(await feed.refresh()).toBe(true);
    expectStored();
    expect(drawn.at(-1)?.high).toBe(9);
  });

  it("says that a first page could not be read, and keeps what it has when an older one could not", async () => {
    stored.fails = true;
    await feed.loadOlder();
    expect(state).toEqual({ status: "ready", older: "more" });
    expectStored();
    await feed.open(SERIES);
    expect(state).toMatchObject({ status: "failed", error: "away" });
    stored.fails = false;
    await feed.open(SERIES);
    expectStored();
  });
});
