import { BarFeed, type FeedState } from "./bar-feed.js";
import type { BarSource } from "./bar-source.js";
import { type BarSeries, bucketOf } from "./buckets.js";
import type { ChartBar } from "./chart-bar.js";

const SERIES: BarSeries = { symbol: "EURUSD", interval: "5m", boundary: "22utc" };
const MINUTES = 4_000;

const minute = (at: number, close = 1): ChartBar => ({ time: at * 60, open: 1, high: close, low: 1, close, count: 1 });

/** One bar out of the minutes it is made of, ascending. */
function foldBars(time: number, parts: readonly ChartBar[]): ChartBar {
  const [open = 0, close = 0] = [parts[0]?.open, parts.at(-1)?.close];
  const high = Math.max(...parts.map((part) => part.high));
  const low = Math.min(...parts.map((part) => part.low));
  return { time, open, high, low, close, count: parts.reduce((sum, { count }) => sum + count, 0) };
}

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
    return [...buckets].map(([time, parts]) => foldBars(time, parts));
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

/** A minute is stored, and the stream brings the bar that it is part of. */
function live(part: ChartBar): void {
  stored.minutes = [...stored.minutes.filter(({ time }) => time !== part.time), part].sort((a, b) => a.time - b.time);
  const bar = stored.bars.find(({ time }) => time === bucketOf(part.time, SERIES));
  if (bar !== undefined) feed.onLive({ bar, kind: "bar" });
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

  it("puts live bars in the place of the newest one and begins the next one", () => {
    for (let at = MINUTES; at < MINUTES + 12; at += 1) {
      live(minute(at, 2 + at / 1_000));
      expectStored();
    }
  });

  it("loses nothing of what comes while it loads, and is not set back by what is older than it read", async () => {
    stored.meanwhile = () => {
      stored.meanwhile = () => {};
      live(minute(MINUTES, 3));
      feed.onLive({ bar: { ...minute(MINUTES - 5), count: 0.5 }, kind: "bar" });
    };
    await feed.open(SERIES);
    expectStored();
  });

  it("takes in an older bar that changed, and reads what lies around it again when some of it may have vanished", () => {
    const changed = minute(MINUTES - 500, 7);
    live(changed);
    expectStored();
    expect(drawn.some(({ high }) => high === 7)).toBe(true);
    return goesAway(bucketOf(changed.time, SERIES));
  });

  async function goesAway(start: number): Promise<void> {
    stored.minutes = stored.minutes.filter(({ time }) => bucketOf(time, SERIES) !== start);
    const gone = untilDrawn();
    feed.onChanged(start, start);
    await gone;
    expectStored();
    expect(drawn.some(({ time }) => time === start)).toBe(false);
  }

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

  it("asks by itself again for what could not be read, the first page and an older one", async () => {
    jest.useFakeTimers();
    stored.fails = true;
    await feed.open(SERIES);
    stored.fails = false;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(state?.status).toBe("ready");
    expectStored();
    const { length } = drawn;
    stored.fails = true;
    await feed.loadOlder();
    stored.fails = false;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(drawn.length).toBeGreaterThan(length);
    expectStored();
    jest.useRealTimers();
  });
});
