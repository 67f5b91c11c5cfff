import type { BarSeries } from "./buckets.js";
import { NoteFeed } from "./note-feed.js";
import { NO_NOTES, type NoteRange, type Notes } from "./note-source.js";

const EURUSD: BarSeries = { symbol: "EURUSD", interval: "1m", boundary: "22utc" };
const QUIET_S = 300;
const OUTAGE: Notes = { gaps: [{ from: 0, to: 600, reason: "no_ticks" }], corrected: new Map() };
/** The start of an FX day. */
const DAY = Date.parse("2026-11-24T22:00:00Z") / 1_000;
const DAY_S = 86_400;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

const soon = () => jest.advanceTimersByTimeAsync(1_000);

test("what is read of a series is not told once that is no longer shown", async () => {
  let answer: (notes: Notes) => void = () => undefined;
  const told: Notes[] = [];
  const source = { read: () => new Promise<Notes>((resolve) => (answer = resolve)) };
  const feed = new NoteFeed(source, (notes) => told.push(notes));
  feed.show(EURUSD, 0, QUIET_S);
  await soon();
  feed.forget();
  answer(OUTAGE);
  await soon();
  expect(told.at(-1)).toBe(NO_NOTES);
  feed.show(EURUSD, 0, QUIET_S);
  await soon();
  answer(OUTAGE);
  await soon();
  expect(told.at(-1)?.gaps).toEqual(OUTAGE.gaps);
});

/** Gaps as the service tells them: cut at the range's ends, and left out when less than five minutes of them are within. */
class Service {
  readonly asked: NoteRange[] = [];
  isAway = false;
  gaps = [-3_600, -100, DAY_S - 200, DAY_S + 7_200].map((from) => ({ from: DAY + from, to: DAY + from + 1_800 }));

  async read(_series: BarSeries, range: NoteRange): Promise<Notes> {
    this.asked.push(range);
    if (this.isAway) throw new Error("away");
    const { from, to = Number.POSITIVE_INFINITY } = range;
    const cut = this.gaps.map((gap) => ({
      from: Math.max(gap.from, from),
      to: Math.min(gap.to, to + QUIET_S),
      reason: "no_ticks" as const,
    }));
    const corrected = new Map([DAY - DAY_S, DAY].filter((day) => day >= from && day < to).map((day) => [day, 2]));
    return { gaps: cut.filter((gap) => gap.to - gap.from >= QUIET_S), corrected };
  }
}

test("scrolling back reads what is before, and only that; a gap over the edge is one", async () => {
  const service = new Service();
  const told: Notes[] = [];
  const feed = new NoteFeed(service, (notes) => told.push(notes));
  const spans = () => told.at(-1)?.gaps.map(({ from, to }) => [from - DAY, to - from]);
  feed.show(EURUSD, DAY + DAY_S, QUIET_S);
  await soon();
  expect(spans()).toEqual([
    [DAY_S, 1_600],
    [DAY_S + 7_200, 1_800],
  ]);
  feed.show(EURUSD, DAY, QUIET_S);
  feed.show(EURUSD, DAY + 7_200, QUIET_S);
  await soon();
  feed.show(EURUSD, DAY - DAY_S, QUIET_S);
  await soon();
  expect(service.asked).toEqual([
    { from: DAY + DAY_S },
    { from: DAY, to: DAY + DAY_S + 1_600 },
    { from: DAY - DAY_S, to: DAY + 1_700 },
  ]);
  expect(spans()).toEqual([-3_600, -100, DAY_S - 200, DAY_S + 7_200].map((from) => [from, 1_800]));
  expect([...(told.at(-1)?.corrected ?? [])]).toEqual([
    [DAY - DAY_S, 2],
    [DAY, 2],
  ]);
});

test("a change is read from where it is on, and what could not be read is tried again", async () => {
  const service = new Service();
  const told: [Notes, boolean][] = [];
  const feed = new NoteFeed(service, (notes, isKnown) => told.push([notes, isKnown]));
  feed.show(EURUSD, DAY, QUIET_S);
  await soon();
  service.gaps = service.gaps.map((gap) => ({ ...gap, to: gap.to + 60 }));
  feed.refresh(DAY + DAY_S + 9_000);
  await soon();
  // The last gap lasted until then: it has grown.
  expect(service.asked.at(-1)).toEqual({ from: DAY + DAY_S + 7_200 });
  expect(told.at(-1)?.[0].gaps.map(({ from, to }) => to - from)).toEqual([1_700, 1_800, 1_860]);
  service.isAway = true;
  feed.refresh();
  await soon();
  expect(told.at(-1)).toEqual([NO_NOTES, false]);
  service.isAway = false;
  await jest.advanceTimersByTimeAsync(10_000);
  expect(told.at(-1)?.[1]).toBe(true);
  expect(told.at(-1)?.[0].gaps).toHaveLength(3);
});
