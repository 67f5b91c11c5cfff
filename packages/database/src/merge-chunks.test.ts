import { US_PER_DAY } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { piecesOf, type TickChunk } from "./merge-chunks.js";

/** Chunks of one or more days, by the day each begins on. */
function chunks(...days: readonly (readonly [from: number, to: number])[]): TickChunk[] {
  return days.map(([from, to], id) => ({ id, fromUs: from * US_PER_DAY, toUs: to * US_PER_DAY, bytes: 0 }));
}

function ids(pieces: readonly (readonly TickChunk[])[]): number[][] {
  return pieces.map((piece) => piece.map(({ id }) => id));
}

test("neighbours become one as far as they fit, and a weekend without a chunk parts them", () => {
  const week = chunks([3, 4], [4, 5], [5, 6], [6, 7], [7, 8], [8, 9], [10, 11], [11, 12]);
  expect(ids(piecesOf(week, 7 * US_PER_DAY))).toEqual([
    [0, 1, 2, 3, 4, 5],
    [6, 7],
  ]);
  expect(ids(piecesOf(week, 2 * US_PER_DAY))).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
  ]);
});

test("what was merged before stays as it is, and what follows it goes on from there", () => {
  expect(ids(piecesOf(chunks([0, 7], [7, 8], [8, 9]), 7 * US_PER_DAY))).toEqual([[1, 2]]);
  expect(piecesOf(chunks([0, 7], [7, 14], [14, 21]), 7 * US_PER_DAY)).toEqual([]);
});

/** Chunks of a day each, so many days apart. */
function apart(gaps: readonly number[]): TickChunk[] {
  let day = 0;
  const days = gaps.map((gap): [number, number] => {
    day += gap + 1;
    return [day - 1, day];
  });
  return chunks(...days);
}

/** What merging the first `count` pieces leaves. */
function merged(all: readonly TickChunk[], lengthUs: number, count = all.length): TickChunk[] {
  let left = [...all];
  for (const piece of piecesOf(all, lengthUs).slice(0, count)) {
    const [first, last] = [piece[0], piece.at(-1)];
    if (first === undefined || last === undefined) continue;
    left = [...left.filter((chunk) => !piece.includes(chunk)), { ...first, toUs: last.toUs }];
  }
  return left.sort((a, b) => a.fromUs - b.fromUs);
}

test("merging is over after one run, wherever it was interrupted", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 31 }), fc.nat(10), (some, days, doneAtFirst) => {
      const lengthUs = days * US_PER_DAY;
      const atOnce = merged(apart(some), lengthUs);
      expect(merged(merged(apart(some), lengthUs, doneAtFirst), lengthUs)).toEqual(atOnce);
      expect(piecesOf(atOnce, lengthUs)).toEqual([]);
    }),
  );
});
