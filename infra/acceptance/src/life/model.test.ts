import { expectedBars } from "../expected-bars.js";
import { seededRandom } from "../random.js";
import { bucketsOf, HOUR_US, LEVELS } from "./buckets.js";
import { Model } from "./model.js";
import { UTC_2200 } from "./told-life.js";

const us = (time: string) => Date.parse(time) * 1_000;
const START_US = us("2026-03-06T20:00:00Z");
const at = (seconds: number, price: number, seq?: number) => ({
  symbol: "EURUSD",
  timeUs: START_US + seconds * 1_000_000,
  price,
  seq,
});

function slots(model: Model): string[] {
  return model.ticks().map(({ timeUs, seq, price }) => `${(timeUs - START_US) / 1_000_000}/${seq}=${price}`);
}

test("bars are those of the other reference", () => {
  const random = seededRandom(3);
  const model = new Model(UTC_2200);
  model.post(Array.from({ length: 500 }, () => at(Math.floor(random() * 90_000), 1 + random())));
  const ticks = model.ticks().map(({ timeUs, price }) => ({ time: new Date(timeUs / 1_000).toISOString(), price }));
  const buckets = bucketsOf(UTC_2200);
  for (const level of LEVELS) {
    const expected = expectedBars(ticks, (ms) => buckets[level](ms * 1_000) / 1_000);
    const bars = model.bars(level).map(({ symbol: _symbol, bucketUs, ...bar }) => ({
      bucket: `${new Date(bucketUs / 1_000).toISOString().slice(0, 19)}Z`,
      ...bar,
    }));
    expect(bars).toEqual(expected);
  }
});

test("FX days of New York start at 17:00 there, also when its clocks change", () => {
  const { day } = bucketsOf({ hour: 17, timezone: "America/New_York" });
  expect(day(us("2026-03-08T20:59:59Z"))).toBe(us("2026-03-07T22:00:00Z"));
  expect(day(us("2026-03-08T21:00:00Z"))).toBe(us("2026-03-08T21:00:00Z"));
  expect(day(us("2026-11-01T21:59:59Z"))).toBe(us("2026-10-31T21:00:00Z"));
  expect(day(us("2026-11-01T22:00:00Z"))).toBe(us("2026-11-01T22:00:00Z"));
});

test("a request that is sent again stores nothing, and another tick of the stamp walks up", () => {
  const model = new Model(UTC_2200);
  const request = [at(0, 1), at(0, 1), at(0, 2)];
  expect(model.post(request)).toMatchObject({ ok: true, duplicates: 0 });
  expect(model.post(request)).toMatchObject({ ok: true, created: [], duplicates: 3 });
  model.post([at(0, 3)]);
  expect(slots(model)).toEqual(["0/0=1", "0/1=1", "0/2=2", "0/3=3"]);
});

test("a number that holds another price is a conflict, and nothing of the request is stored", () => {
  const model = new Model(UTC_2200);
  model.post([at(0, 1)]);
  expect(model.post([at(1, 1), at(0, 2, 0)])).toEqual({ ok: false });
  expect(slots(model)).toEqual(["0/0=1"]);
});

test("corrections change what is there, and a copy stays as it was", () => {
  const model = new Model(UTC_2200);
  model.post([at(0, 1), at(3_600, 2)]);
  const copy = model.copy();
  expect(model.put({ symbol: "EURUSD", timeUs: START_US, seq: 0, price: 5 })).toBe(true);
  expect(model.put({ symbol: "EURUSD", timeUs: START_US, seq: 1, price: 5 })).toBe(false);
  expect(model.delete("EURUSD", START_US + HOUR_US, START_US + 2 * HOUR_US)).toBe(1);
  expect(slots(model)).toEqual(["0/0=5"]);
  expect(slots(copy)).toEqual(["0/0=1", "3600/0=2"]);
});
