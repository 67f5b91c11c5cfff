import { type CheckedCost, type Micros, midOf, parseTime } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { TickWorld } from "./tick-world.js";

/** One thing that happens; `name` is what a counterexample prints. */
interface Step {
  readonly name: string;
  readonly happen: (world: TickWorld) => void;
}

const SECOND = 1_000_000;
const producer = fc.constantFrom(0 as const, 1 as const);

/** Nearly always just now, as two producers whose clocks differ; sometimes late, or ahead. */
const aside = fc.oneof(
  { weight: 16, arbitrary: fc.integer({ min: -SECOND, max: SECOND / 4 }) },
  { weight: 2, arbitrary: fc.integer({ min: -12 * SECOND, max: 60 * SECOND }) },
  { weight: 1, arbitrary: fc.integer({ min: -7200 * SECOND, max: 0 }) },
);
const price = fc.integer({ min: 1, max: 9 }).map((of): CheckedCost => ({ price: of }));
const tenths = fc.integer({ min: 1, max: 90 }).map((count) => count / 10);
const quote = fc.tuple(tenths, tenths).map(([bid, ask]): CheckedCost => ({ price: midOf(bid, ask), bid, ask }));
const tick = fc.record({ aside, seq: fc.integer({ min: 0, max: 2 }), cost: fc.oneof(price, quote) });
const posted = fc.record({ producer, ticks: fc.array(tick, { minLength: 1, maxLength: 7 }) });

function stepOf<T>(name: string, values: fc.Arbitrary<T>, happen: (world: TickWorld, value: T) => void) {
  return values.map(
    (value): Step => ({ name: `${name} ${fc.stringify(value)}`, happen: (world) => happen(world, value) }),
  );
}

function post(
  world: TickWorld,
  { producer: which, ticks }: { producer: 0 | 1; ticks: { aside: number; seq: number; cost: CheckedCost }[] },
) {
  world.post(
    which,
    ticks.map(({ aside: us, seq, cost }) => ({ timeUs: Math.floor((world.nowUs + us) / 1000) * 1000, seq, ...cost })),
  );
}

const correction = fc.record({
  producer,
  from: aside,
  length: fc.integer({ min: 1, max: 20 * SECOND }),
  costs: fc.option(fc.record({ price, quote }), { nil: undefined }),
});
const nothing = fc.constant(undefined);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: stepOf("post", posted, post) },
  { weight: 12, arbitrary: stepOf("publish", producer, (world, which) => world.publish(which)) },
  { weight: 12, arbitrary: stepOf("deliver", nothing, (world) => world.deliver()) },
  { weight: 6, arbitrary: stepOf("anchor", nothing, (world) => world.stepAnchor()) },
  {
    weight: 12,
    arbitrary: stepOf("advance", fc.integer({ min: 1, max: 3 * SECOND }), (world, us) => world.advance(us)),
  },
  { weight: 1, arbitrary: stepOf("lose", nothing, (world) => world.lose()) },
  {
    weight: 1,
    arbitrary: stepOf("correct", correction, (world, { producer: which, from, length, costs }) =>
      world.correct(which, world.nowUs + from, world.nowUs + from + length, costs),
    ),
  },
);

/** Just before the FX day ends, so that a bar is cut by it. */
const START = parseTime("2025-12-05T21:59:40Z") as Micros;

test("bars of ticks are what the database has, in whatever order ticks come, are corrected and lost", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const world = new TickWorld(START);
      for (const { happen } of steps) happen(world);
      world.settle();
      const stored = world.stored();
      expect(sorted(world.known)).toEqual(sorted(stored));
      expect(world.repeated).toEqual([]);
      expect(world.newest()?.bar).toEqual([...stored.values()].at(-1));
    }),
    { numRuns: 500 },
  );
});

function sorted<T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}
