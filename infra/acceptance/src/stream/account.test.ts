import { checkAccount } from "./account.js";
import { StreamOrder } from "./stream-order.js";
import { SymbolTruth } from "./symbol-truth.js";
import type { Told } from "./told.js";

/** Tick n is stamped n seconds after 1970 and was sent n milliseconds after it. */
const timeUs = (tick: number) => tick * 1_000_000;
const range = (from: number, to: number) => ({ fromUs: timeUs(from), toUs: timeUs(to) });

/** Epoch a holds ticks 1 to 6 in messages of two, epoch b ticks 7 to 9 one by one; ticks 20 and 21 were never published. */
function truth(extra: readonly (readonly [string, number[]])[] = []): SymbolTruth {
  const order = new StreamOrder();
  const messages: [string, number[]][] = [
    ["a-1", [1, 2]],
    ["a-2", [3, 4]],
    ["a-3", [5, 6]],
    ["b-1", [7]],
    ["b-2", [8]],
    ["b-3", [9]],
  ];
  for (const [offset, ticks] of [...messages, ...extra]) order.note(offset, ticks);
  const committed = [1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21];
  return new SymbolTruth(order, new Map(committed.map((tick) => [tick, { timeUs: timeUs(tick), sentMs: tick }])));
}

const follows = (offset: string | undefined, atMs: number, isResumed = false): Told => ({
  kind: "follows",
  offset,
  atMs,
  isResumed,
});
const ticks = (offset: string | undefined, ...numbers: number[]): Told => ({ kind: "ticks", offset, ticks: numbers });
const gap = (from: number, to: number): Told => ({ kind: "gap", range: range(from, to) });
const conflated = (skipped: number, from: number, to: number): Told => ({
  kind: "conflated",
  skipped,
  range: range(from, to),
});

const A = [ticks("a-1", 1, 2), ticks("a-2", 3, 4), ticks("a-3", 5, 6)];
const B = [ticks("b-1", 7), ticks("b-2", 8), ticks("b-3", 9)];
const LOST_EPOCH = gap(0, 30);
const start = follows("0-0", 0);
const whole = [start, ...A, LOST_EPOCH, ...B];

const kinds = (told: readonly Told[], of = truth()) => checkAccount(told, of).map(({ kind }) => kind);

describe("an account is right", () => {
  test.each<[string, Told[]]>([
    ["with every tick, and a gap where the stream was lost", whole],
    ["that begins in the middle", [follows("a-2", 4), ticks("a-3", 5, 6), LOST_EPOCH, ...B]],
    [
      "with a resumption that goes on where it was",
      [start, ...A.slice(0, 2), follows("a-2", 9, true), ...whole.slice(3)],
    ],
    ["with a refused resumption", [start, ...A.slice(0, 1), follows("b-2", 21), ticks("b-3", 9)]],
    [
      "with a new subscription at a gateway that is behind",
      [start, ...A, follows("a-2", 21), ticks("a-3", 5, 6), LOST_EPOCH, ...B],
    ],
    ["with ticks in a gap", [start, ...A.slice(0, 1), gap(3, 7), ...B, gap(20, 22)]],
    ["with conflated ticks", [start, ...A.slice(0, 1), conflated(3, 3, 6), ticks("a-3", 6), LOST_EPOCH, ...B]],
    [
      "with a conflation that was cut off and is replayed",
      [start, ...A.slice(0, 1), conflated(3, 3, 6), follows("a-1", 9, true), ...A.slice(1), LOST_EPOCH, ...B],
    ],
    ["that begins while the stream is lost", [follows("0-0", 6.5), ...B, gap(20, 22)]],
    ["of a plain endpoint", [follows(undefined, 2), ticks(undefined, 3, 4, 5), ticks(undefined, 6), LOST_EPOCH, ...B]],
    ["that was never told anything, of a symbol that had no tick meanwhile", [follows(undefined, 21)]],
  ])("%s", (_name, told) => {
    expect(kinds(told)).toEqual([]);
  });
});

describe("an account is wrong", () => {
  test.each<[string, string[], Told[]]>([
    ["that lacks a message", ["lost", "lost"], [start, ...A.slice(1), LOST_EPOCH, ...B]],
    ["that lacks a tick of a message", ["lost"], [start, ticks("a-1", 1), ...A.slice(1), LOST_EPOCH, ...B]],
    ["that lacks the end", ["lost"], whole.slice(0, -1)],
    [
      "whose gap came too late",
      ["lost", "lost"],
      [start, ...A.slice(0, 1), ...A.slice(2), gap(3, 5), LOST_EPOCH, ...B],
    ],
    [
      "whose gap is of another time",
      ["lost", "lost"],
      [start, ...A.slice(0, 1), gap(5, 7), ...A.slice(2), LOST_EPOCH, ...B],
    ],
    ["that lacks a tick nobody was told of", ["lost", "lost"], [start, ...A, ...B]],
    ["with a tick told twice", ["doubled"], [start, A[0] ?? start, ticks("a-1", 2), ...A.slice(1), LOST_EPOCH, ...B]],
    [
      "with a resumption that repeats a message",
      ["doubled", "doubled"],
      [start, ...A, follows("a-2", 9, true), A[2] ?? start, LOST_EPOCH, ...B],
    ],
    [
      "with a resumption that leaves one out",
      ["lost", "lost"],
      [start, ...A.slice(0, 1), follows("a-2", 9, true), A[2] ?? start, LOST_EPOCH, ...B],
    ],
    ["with a tick that was never stored", ["invented"], [start, ticks(undefined, 99), ...A, LOST_EPOCH, ...B]],
    [
      "with ticks in another order",
      ["lost", "disordered"],
      [start, ticks(undefined, 2, 1), ...A.slice(1), LOST_EPOCH, ...B],
    ],
    [
      "with one conflated tick too few",
      ["miscounted"],
      [start, ...A.slice(0, 1), conflated(2, 3, 6), ticks("a-3", 6), LOST_EPOCH, ...B],
    ],
    [
      "with a conflated tick outside of the range",
      ["lost"],
      [start, ...A.slice(0, 1), conflated(3, 4, 6), ticks("a-3", 6), LOST_EPOCH, ...B],
    ],
    [
      "that begins after ticks sent since it was asked for",
      ["lost"],
      [follows("a-2", 1), ...A.slice(2), LOST_EPOCH, ...B],
    ],
    [
      "of a plain endpoint that begins late",
      ["lost"],
      [follows(undefined, 2), ticks(undefined, 5, 6), LOST_EPOCH, ...B],
    ],
    ["of a plain endpoint that told nothing", ["lost"], [follows(undefined, 2)]],
  ])("%s", (_name, expected, told) => {
    const found = kinds(told);
    expect([...new Set(found)]).toEqual([...new Set(expected)]);
    expect(found.length).toBeGreaterThanOrEqual(expected.length);
  });

  test("when a message was published in two epochs and told twice, but not when it was told once", () => {
    const twice = truth([["b-4", [9]]]);
    expect(kinds([...whole, ticks("b-4", 9)], twice)).toEqual(["doubled"]);
    expect(kinds(whole, twice)).toEqual([]);
  });
});
