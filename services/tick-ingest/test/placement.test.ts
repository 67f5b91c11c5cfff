import type { NewTick, Tick } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { NO_NEW_SYMBOLS } from "../src/write/new-symbols.js";
import { type Outcome, placeTicks } from "../src/write/placement.js";
import { SlotAllocator } from "../src/write/slot-allocator.js";

const T0 = 1_400_000_000_000_000;
const price = fc.constantFrom(1.1, 1.2);
const symbol = fc.constantFrom("EURUSD", "GBPUSD");
const timeUs = fc.integer({ min: T0, max: T0 + 3 });
const newTick: fc.Arbitrary<NewTick> = fc.record({
  ...{ symbol, timeUs, price },
  seq: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 4 }),
  isStamped: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  run: fc.constant(0),
});
const request = fc.array(newTick, { minLength: 1, maxLength: 6 });
const stored = fc.uniqueArray(fc.record({ symbol, timeUs, price, seq: fc.integer({ min: 0, max: 3 }) }), {
  selector: (tick) => `${tick.symbol} ${tick.timeUs} ${tick.seq}`,
  maxLength: 5,
});

/** Numbers the runs of a streamed body, which are adjacent lines of one symbol and time. */
function inRuns(ticks: readonly NewTick[]): NewTick[] {
  let run = 0;
  return ticks.map((tick, index) => {
    const before = ticks[index - 1];
    if (before?.symbol !== tick.symbol || before.timeUs !== tick.timeUs) run += 1;
    return { ...tick, run };
  });
}

/** Every tick through the allocator, whether or not it meets another one. */
function placedPlainly(
  requests: readonly NewTick[][],
  table: readonly Tick[],
): { outcomes: Outcome[]; created: Tick[] } {
  const slots = new SlotAllocator();
  slots.load(table);
  const created: Tick[] = [];
  const outcomes = requests.map((ticks): Outcome => {
    const placed = slots.place(ticks);
    if (!placed.ok) return placed;
    ticks.forEach(({ symbol: of, timeUs: at, price: paid }, index) => {
      const { seq, created: isNew } = placed.placements[index] ?? { seq: 0, created: false };
      if (isNew) created.push({ symbol: of, timeUs: at, seq, price: paid });
    });
    const seqs = placed.placements.map(({ seq }) => seq);
    return { ok: true, seqs, created: placed.placements.filter((placement) => placement.created).length };
  });
  return { outcomes, created: created.sort(bySymbolTimeSeq) };
}

function bySymbolTimeSeq(a: Tick, b: Tick): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1;
  return a.timeUs - b.timeUs || a.seq - b.seq;
}

const requests = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([some, areStreamed]) => (areStreamed ? some.map(inRuns) : some));

test("requests are placed as the allocator alone would place them, and what they create is in order", () => {
  fc.assert(
    fc.property(requests, stored, (some, table) => {
      const { outcomes, created } = placeTicks(some, { stored: table, horizonUs: 0, newSymbols: NO_NEW_SYMBOLS });
      expect({ outcomes, created }).toEqual(placedPlainly(some, table));
    }),
    { numRuns: 5000 },
  );
});

test("placed as if nothing were stored they are placed as with a look, unless one of their places is taken", () => {
  let free = 0;
  fc.assert(
    fc.property(requests, stored, (some, table) => {
      const blind = placeTicks(some, { stored: [], horizonUs: 0, newSymbols: NO_NEW_SYMBOLS });
      const keyOf = ({ symbol: of, timeUs: at, seq }: Tick) => `${of} ${at} ${seq}`;
      const taken = new Set(table.map(keyOf));
      // COPY would fail.
      if (blind.created.some((tick) => taken.has(keyOf(tick)))) return;
      const refused = blind.outcomes.some(({ ok }) => !ok);
      if (refused) return;
      free += 1;
      const { outcomes, created } = placeTicks(some, { stored: table, horizonUs: 0, newSymbols: NO_NEW_SYMBOLS });
      expect({ outcomes: blind.outcomes, created: blind.created }).toEqual({ outcomes, created });
    }),
    { numRuns: 5000 },
  );
  expect(free).toBeGreaterThan(500);
});

test("a request with a tick that is too old is refused as a whole, and nothing of it is in anybody's way", () => {
  const tick = (us: number, paid: number): NewTick => ({
    ...{ symbol: "EURUSD", timeUs: us, seq: undefined, price: paid, isStamped: false, run: 0 },
  });
  const { outcomes, created } = placeTicks([[tick(T0 - 1, 1), tick(T0, 1)], [tick(T0, 2)]], {
    stored: [],
    horizonUs: T0,
    newSymbols: NO_NEW_SYMBOLS,
  });
  expect(outcomes).toEqual([
    { ok: false, refusals: [{ index: 0, reason: "older_than_retention" }] },
    { ok: true, seqs: [0], created: 1 },
  ]);
  expect(created).toEqual([{ symbol: "EURUSD", timeUs: T0, seq: 0, price: 2 }]);
});

test("new symbols find room in the order they come in; a request past it is refused, and takes none from those after it", () => {
  const tick = (symbol: string): NewTick => ({
    ...{ symbol, timeUs: T0, seq: undefined, price: 1, isStamped: false, run: 0 },
  });
  const requests = [
    [tick("OLD")],
    [tick("A"), tick("B"), tick("C"), tick("C")],
    [tick("D"), tick("OLD")],
    [tick("D")],
    [tick("E")],
  ];
  const newSymbols = { unknown: new Set(["A", "B", "C", "D", "E"]), room: 2, refusal: "too_many_symbols" as const };
  const { outcomes, created } = placeTicks(requests, { stored: [], horizonUs: 0, newSymbols });
  const refused = [2, 3].map((index) => ({ index, reason: "too_many_symbols" }));
  expect(outcomes).toMatchObject([
    { ok: true },
    { ok: false, refusals: refused },
    { ok: true },
    { ok: true },
    { ok: true },
  ]);
  expect([...new Set(created.map(({ symbol }) => symbol))]).toEqual(["D", "E", "OLD"]);
});
