import { formatTime, parseTime, type WireTick } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { BarItem } from "./bar-item.js";
import { Conflation } from "./conflation.js";
import { CorrectedItem } from "./corrected-item.js";
import { GapItem } from "./gap-item.js";
import { StatusItem } from "./status-item.js";
import { TicksItem } from "./ticks-item.js";

const tickAt = (us: number, seq = 0): WireTick => ({ time: formatTime(us), price: 1, seq });

function settle(conflation: Conflation) {
  return conflation.settle().flatMap(({ texts }) => texts.map((text) => JSON.parse(text)));
}

const bar = (kind: "bar" | "final" | "revision", close: number) =>
  new BarItem(
    {
      kind,
      interval: "minute",
      bar: { symbol: "EURUSD", bucketUs: 0, open: 1, high: 9, low: 1, close, tickCount: 1 },
      complete: kind !== "bar",
      final: kind !== "bar",
    },
    { interval: "minute", side: "mid" },
    0,
  );

describe("conflation", () => {
  const keys = fc.uniqueArray(fc.tuple(fc.nat(50), fc.nat(2)), {
    selector: ([us, seq]) => `${us}/${seq}`,
    minLength: 1,
  });
  const cuts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 });

  test("delivers or accounts for every tick, whatever their order: counts are exact and ranges hold all that was skipped", () => {
    fc.assert(
      fc.property(keys, cuts, (ticks, sizes) => {
        const conflation = new Conflation({ ticksConflated: 0 });
        const all = ticks.map(([us, seq]) => tickAt(us, seq));
        let sequence = 0;
        for (let at = 0; at < all.length; sequence += 1) {
          const size = sizes[sequence % sizes.length] ?? 1;
          conflation.take(new TicksItem("EURUSD", { epoch: "a", sequence: sequence + 1 }, all.slice(at, at + size)));
          at += size;
        }
        const messages = settle(conflation);
        const told = messages.find(({ type }) => type === "ticks");
        const conflated = messages.find(({ type }) => type === "conflated");
        const newest = [...all].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.seq - b.seq)).at(-1);
        expect(told).toMatchObject({ ticks: [newest], offset: `a-${sequence}` });
        expect(conflated?.skipped ?? 0).toBe(all.length - 1);
        const skipped = all.filter((tick) => tick !== newest).map(({ time }) => parseTime(time) ?? 0);
        if (skipped.length === 0) return;
        expect(parseTime(conflated.from)).toBe(Math.min(...skipped));
        expect(parseTime(conflated.to)).toBe(Math.max(...skipped) + 1);
      }),
    );
  });

  test("keeps the newest state of an open bar, and every final bar, revision and gap", () => {
    const conflation = new Conflation({ ticksConflated: 0 });
    const range = { fromUs: 0, toUs: 1, reason: "lost" as const };
    for (const item of [bar("bar", 1), bar("final", 2), bar("bar", 3), bar("revision", 4), bar("bar", 5)]) {
      conflation.take(item);
    }
    conflation.take(new GapItem({ kind: "ticks", symbol: "EURUSD" }, range));
    expect(settle(conflation).map(({ type, bar: told }) => [type, told?.close])).toEqual([
      ["final", 2],
      ["revision", 4],
      ["gap", undefined],
      ["bar", 5],
    ]);
    expect(conflation.settle()).toEqual([]);
  });

  test("keeps the newest state of a symbol's feeds", () => {
    const conflation = new Conflation({ ticksConflated: 0 });
    for (const state of ["live", "down", "quiet"] as const)
      conflation.take(new StatusItem("EURUSD", { state, sinceUs: 0 }));
    expect(settle(conflation)).toMatchObject([{ type: "status", channel: "status:EURUSD", state: "quiet" }]);
  });

  test("tells ticks before what corrects them, each correction, and counts what was skipped before and after it", () => {
    const counters = { ticksConflated: 0 };
    const conflation = new Conflation(counters);
    const place = (sequence: number) => ({ epoch: "a", sequence });
    const take = (sequence: number, ...us: number[]) =>
      conflation.take(
        new TicksItem(
          "EURUSD",
          place(sequence),
          us.map((at) => tickAt(at)),
        ),
      );
    take(7, 1, 2, 3);
    conflation.take(new CorrectedItem("EURUSD", place(8), { fromUs: 3, toUs: 4 }, []));
    take(9, 5, 6);
    expect(conflation.resumeAt("ticks:EURUSD")).toEqual(place(6));
    expect(settle(conflation).map(({ type, offset, skipped }) => [type, offset ?? skipped])).toEqual([
      ["conflated", 2],
      ["ticks", "a-7"],
      ["corrected", "a-8"],
      ["conflated", 1],
      ["ticks", "a-9"],
    ]);
    expect(counters.ticksConflated).toBe(3);
    expect(conflation.resumeAt("ticks:EURUSD")).toBeUndefined();
  });

  test("is overfull sooner with corrections of many ticks", () => {
    const conflation = new Conflation({ ticksConflated: 0 });
    const ticks = Array.from({ length: 1000 }, (_, us) => tickAt(us));
    for (let sequence = 1; sequence <= 10; sequence += 1)
      conflation.take(new CorrectedItem("EURUSD", { epoch: "a", sequence }, { fromUs: 0, toUs: 1000 }, ticks));
    expect([conflation.isOverfull, conflation.resumeAt("ticks:EURUSD")]).toEqual([true, { epoch: "a", sequence: 0 }]);
  });

  test("names the place before the first message it holds back", () => {
    const conflation = new Conflation({ ticksConflated: 0 });
    for (const sequence of [7, 8])
      conflation.take(new TicksItem("EURUSD", { epoch: "a", sequence }, [tickAt(sequence)]));
    expect(conflation.resumeAt("ticks:EURUSD")).toEqual({ epoch: "a", sequence: 6 });
    expect(conflation.resumeAt("ticks:GBPUSD")).toBeUndefined();
  });

  test("is overfull when a client would have to be told of more than a thousand things", () => {
    const conflation = new Conflation({ ticksConflated: 0 });
    for (let count = 0; count < 1000; count += 1) conflation.take(bar("final", count));
    expect(conflation.isOverfull).toBe(false);
    conflation.take(bar("final", 1));
    expect(conflation.isOverfull).toBe(true);
  });
});
