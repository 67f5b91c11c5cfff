import type { BarSeries } from "./buckets.js";
import { NoteFeed } from "./note-feed.js";
import { NO_NOTES, type Notes } from "./note-source.js";

const EURUSD: BarSeries = { symbol: "EURUSD", interval: "1m", boundary: "22utc" };
const OUTAGE: Notes = { gaps: [{ from: 0, to: 600, reason: "no_ticks" }], corrected: new Map() };

afterEach(() => {
  jest.useRealTimers();
});

test("what is read of a series is not told once that is no longer shown", async () => {
  jest.useFakeTimers();
  let answer: (notes: Notes) => void = () => undefined;
  const told: Notes[] = [];
  const source = { read: () => new Promise<Notes>((resolve) => (answer = resolve)) };
  const feed = new NoteFeed(source, (notes) => told.push(notes));
  feed.show(EURUSD, 0, 300);
  await jest.advanceTimersByTimeAsync(1_000);
  feed.forget();
  answer(OUTAGE);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toBe(NO_NOTES);
  feed.show(EURUSD, 0, 300);
  await jest.advanceTimersByTimeAsync(1_000);
  answer(OUTAGE);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toBe(OUTAGE);
});
