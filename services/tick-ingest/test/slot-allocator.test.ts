import { type CheckedCost as Cost, formatTime, type NewTick, type Tick } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { SlotAllocator } from "../src/write/slot-allocator.js";
import { type ModelTick, SlotModel } from "./slot-model.js";

const T0 = 1_400_000_000_000_000;
const price = fc.constantFrom(1.1, 1.2, 1.3);
/** Of two quotes, and of a price, the mid is 1.2. */
const cost: fc.Arbitrary<Cost> = fc.oneof(
  price.map((value) => ({ price: value })),
  fc.constantFrom(
    { price: 1.2, bid: 1.1, ask: 1.3 },
    { price: 1.2, bid: 1, ask: 1.4 },
    { price: 1.3, bid: 1.4, ask: 1.2 },
  ),
);
const tick = fc
  .record({
    symbol: fc.constantFrom("EURUSD", "GBPUSD"),
    timeUs: fc.constantFrom(T0, T0 + 1),
    seq: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined, freq: 4 }),
    isStamped: fc.constant(false),
    run: fc.constant(0),
    cost,
  })
  .map(({ cost: given, ...rest }): NewTick => ({ ...rest, ...given }));
const atT0 = (value: number, seq: number | undefined): NewTick => ({
  ...{ symbol: "EURUSD", timeUs: T0, price: value, seq, isStamped: false, run: 0 },
});
const request = fc.array(tick, { minLength: 1, maxLength: 6 });

function modelTick({ symbol, timeUs, price: at, bid, ask, seq }: NewTick): ModelTick {
  return { symbol, time: formatTime(timeUs), price: bid === undefined ? at : undefined, bid, ask, seq };
}

function textOf({ price: at, bid, ask, seq }: Omit<ModelTick, "symbol" | "time">, place: string): string {
  return `${place} ${seq} ${bid === undefined ? at : `${bid}/${ask}`}`;
}

/** Places requests as one transaction each, so that each starts from what the earlier ones stored. */
class Table {
  readonly rows: Tick[] = [];

  post(ticks: readonly NewTick[]): { created: number } | "refused" {
    const slots = new SlotAllocator();
    slots.load(this.rows);
    const outcome = slots.place(ticks);
    if (!outcome.ok) return "refused";
    const created = ticks.flatMap((one, index) => {
      const placement = outcome.placements[index];
      return placement?.created === true ? [{ ...one, seq: placement.seq }] : [];
    });
    this.rows.push(...created);
    return { created: created.length };
  }

  get text(): string[] {
    return this.rows.map((row) => textOf(row, `${row.symbol} ${formatTime(row.timeUs)}`)).sort();
  }
}

test("any sequence of requests, repeats included, leaves the table the model has", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
      const table = new Table();
      const model = new SlotModel();
      for (const ticks of requests) {
        const answer = table.post(ticks);
        const expected = model.post(ticks.map(modelTick));
        expect(answer).toEqual(expected.status === 409 ? "refused" : { created: expected.created });
      }
      expect(table.rows.length).toBe(model.table.length);
      expect(table.text).toEqual(model.table.map((row) => textOf(row, `${row.symbol} ${row.time}`)).sort());
    }),
    { numRuns: 2000 },
  );
});

test("requests placed in one transaction end like requests placed one by one", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 6 }), (requests) => {
      const oneByOne = new Table();
      for (const ticks of requests) oneByOne.post(ticks);
      const together = new Table();
      const slots = new SlotAllocator();
      for (const ticks of requests) {
        const outcome = slots.place(ticks);
        if (!outcome.ok) continue;
        ticks.forEach((one, index) => {
          const placement = outcome.placements[index];
          if (placement?.created === true) together.rows.push({ ...one, seq: placement.seq });
        });
      }
      expect(together.text).toEqual(oneByOne.text);
    }),
    { numRuns: 1000 },
  );
});

test("a request sent again, at once or after others, stores nothing", () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), fc.nat(), (requests, which) => {
      const table = new Table();
      const accepted = requests.filter((ticks) => table.post(ticks) !== "refused");
      const before = table.text;
      const again = accepted[which % Math.max(1, accepted.length)];
      if (again !== undefined) expect(table.post(again)).toEqual({ created: 0 });
      expect(table.text).toEqual(before);
    }),
    { numRuns: 2000 },
  );
});

test("a quote repeats the one with its bid and ask, and never a price or a quote of the same mid", () => {
  const quote = (bid: number, ask: number, seq?: number): NewTick => ({ ...atT0((bid + ask) / 2, seq), bid, ask });
  const table = new Table();
  expect(table.post([atT0(2, undefined)])).toEqual({ created: 1 });
  expect(table.post([quote(1, 3)])).toEqual({ created: 1 });
  expect(table.post([quote(1.5, 2.5)])).toEqual({ created: 1 });
  expect(table.post([quote(3, 1)])).toEqual({ created: 1 });
  for (const one of [quote(1, 3), quote(1.5, 2.5), quote(3, 1), atT0(2, undefined)]) {
    expect(table.post([one])).toEqual({ created: 0 });
  }
  expect(table.post([quote(1, 3, 0)])).toBe("refused");
  expect(table.post([atT0(2, 1)])).toBe("refused");
  expect(table.post([quote(1, 3, 1), atT0(2, 0)])).toEqual({ created: 0 });
});

test("[1,1] after [2] gives three ticks, as [2] after [1,1] does", () => {
  const at = (value: number) => atT0(value, undefined);
  for (const requests of [
    [[at(2)], [at(1), at(1)]],
    [[at(1), at(1)], [at(2)]],
  ]) {
    const table = new Table();
    for (const ticks of requests) table.post(ticks);
    expect(table.rows.map((row) => row.price).sort()).toEqual([1, 1, 2]);
  }
});

test("a stamp holds 1,024 ticks and refuses the next one", () => {
  const full = Array.from({ length: 1024 }, (_, index) => atT0(index + 1, undefined));
  const table = new Table();
  expect(table.post(full)).toEqual({ created: 1024 });
  expect(table.post([atT0(5000, undefined)])).toBe("refused");
});

test("ticks that came without a time are all stored, whatever is stored at the stamps they get", () => {
  const stamped = fc.record({ timeUs: fc.constantFrom(T0, T0 + 1), price }).map((given) => ({
    ...{ symbol: "EURUSD", seq: undefined, isStamped: true, run: 0 },
    ...given,
  }));
  fc.assert(
    fc.property(fc.array(request, { maxLength: 3 }), fc.array(fc.array(stamped), { maxLength: 8 }), (given, own) => {
      const table = new Table();
      for (const ticks of given) table.post(ticks);
      for (const ticks of own) expect(table.post(ticks)).toEqual({ created: ticks.length });
      expect(new Set(table.text).size).toBe(table.rows.length);
    }),
  );
});

test("a tick without a time but with a seq that another one took is refused, not taken for that one", () => {
  const table = new Table();
  expect(table.post([atT0(1, 0)])).toEqual({ created: 1 });
  expect(table.post([{ ...atT0(1, 0), isStamped: true }])).toBe("refused");
});
