import { isDeepStrictEqual } from "node:util";
import {
  type CheckedCost,
  type DayBoundary,
  type LiveInterval,
  type Micros,
  midOf,
  parseTime,
  STORED_INTERVALS,
} from "@fx-ohlc/schemas";
import fc from "fast-check";
import { plainBar } from "./bar-model.js";
import { BarWorld } from "./bar-world.js";

/** One thing that happens; `name` is what a counterexample prints. */
interface Step {
  readonly name: string;
  readonly happen: (world: BarWorld) => void;
}

function stepOf<T>(
  name: string,
  values: fc.Arbitrary<T>,
  happen: (world: BarWorld, value: T) => void,
): fc.Arbitrary<Step> {
  return values.map((value) => ({ name: `${name} ${fc.stringify(value)}`, happen: (world) => happen(world, value) }));
}

const SECOND = 1_000_000;
const ingest = fc.constantFrom(0, 1);

/** How far from now a tick is stamped: nearly always just now, sometimes ahead of the clock, sometimes late. */
const aside = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -3 * SECOND, max: SECOND / 2 }) },
  { weight: 2, arbitrary: fc.integer({ min: -240 * SECOND, max: 300 * SECOND }) },
  { weight: 1, arbitrary: fc.integer({ min: -7200 * SECOND, max: 0 }) },
);

/** A price, or a quote whose ask may be below its bid. */
const price = fc.integer({ min: 1, max: 9 }).map((of): CheckedCost => ({ price: of }));
const tenths = fc.integer({ min: 1, max: 90 }).map((count) => count / 10);
const quote = fc.tuple(tenths, tenths).map(([bid, ask]): CheckedCost => ({ price: midOf(bid, ask), bid, ask }));

const tick = fc.record({ aside, seq: fc.integer({ min: 0, max: 2 }), cost: fc.oneof(price, quote) });

const transaction = fc.record({ ingest, ticks: fc.array(tick, { minLength: 1, maxLength: 5 }) });
type TransactionSpec = typeof transaction extends fc.Arbitrary<infer T> ? T : never;

function begin(world: BarWorld, { ingest: which, ticks }: TransactionSpec): void {
  const timeUs = (us: number) => Math.floor((world.nowUs + us) / 1000) * 1000;
  world.begin(
    which,
    ticks.map(({ aside: us, seq, cost }) => ({ timeUs: timeUs(us), seq, ...cost })),
  );
}

/** A POST as it mostly goes: committed, published and delivered at once. */
function post(world: BarWorld, spec: TransactionSpec): void {
  begin(world, spec);
  world.commit(spec.ingest, 0);
  for (let piece = 0; piece < 3; piece += 1) world.publish(spec.ingest);
  for (let piece = 0; piece < 3; piece += 1) world.deliver();
}

const correction = fc.record({
  ingest,
  from: aside,
  length: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 90 * SECOND }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 18_000 * SECOND }) },
  ),
  costs: fc.option(fc.record({ price, quote }), { nil: undefined }),
});

const nothing = fc.constant(undefined);
const microseconds = fc.oneof(fc.constant(SECOND / 4), fc.integer({ min: 1, max: 40 * SECOND }));

const lossless: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: stepOf("post", transaction, post) },
  { weight: 3, arbitrary: stepOf("begin", transaction, begin) },
  { weight: 3, arbitrary: stepOf("commit", fc.tuple(ingest, fc.nat(3)), (world, args) => world.commit(...args)) },
  { weight: 4, arbitrary: stepOf("publish", ingest, (world, which) => world.publish(which)) },
  { weight: 4, arbitrary: stepOf("deliver", nothing, (world) => world.deliver()) },
  { weight: 4, arbitrary: stepOf("anchor", nothing, (world) => world.stepAnchor()) },
  { weight: 3, arbitrary: stepOf("read", nothing, (world) => world.stepRead()) },
  { weight: 8, arbitrary: stepOf("advance", microseconds, (world, us) => world.advance(us)) },
  {
    weight: 1,
    arbitrary: stepOf("correct", correction, (world, { ingest: which, from, length, costs }) =>
      world.correct(which, world.nowUs + from, world.nowUs + from + length, costs),
    ),
  },
  { weight: 3, arbitrary: stepOf("check", nothing, (world) => world.stepCheck()) },
  { weight: 1, arbitrary: stepOf("join", nothing, (world) => world.join()) },
  { weight: 1, arbitrary: stepOf("fail read", nothing, (world) => world.failRead()) },
  { weight: 1, arbitrary: stepOf("fail anchor", nothing, (world) => world.failAnchor()) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 36, arbitrary: lossless },
  { weight: 1, arbitrary: stepOf("lose", fc.nat(3), (world, count) => world.lose(count)) },
);

/** Hours and a day, seconds, and the milliseconds that an estimate moves by. */
const skew = fc.oneof(
  fc.constantFrom(0, 0, 7200 * SECOND, -3600 * SECOND, 86_400 * SECOND),
  fc.integer({ min: -90 * SECOND, max: 90 * SECOND }),
  fc.integer({ min: -5_000, max: 5_000 }),
);
/** Small enough for what is stamped meanwhile to be final when a run has settled. */
const jumpOf = fc.oneof(fc.integer({ min: -400 * SECOND, max: 400 * SECOND }), fc.integer({ min: -5_000, max: 5_000 }));

const stepWithClocks: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: step },
  { weight: 1, arbitrary: stepOf("skew", skew, (world, us) => world.skew(us)) },
  { weight: 1, arbitrary: stepOf("jump", jumpOf, (world, us) => world.jump(us)) },
);

/** Just before the FX day ends, so that minutes, an hour and a day end while the steps run. */
const START: Micros = parseTime("2024-03-08T21:57:30Z") ?? 0;

function play(steps: readonly Step[], boundary: DayBoundary, intervals?: readonly LiveInterval[]): BarWorld {
  const world = new BarWorld(START, boundary, intervals);
  for (const { happen } of steps) happen(world);
  world.settle();
  return world;
}

/** As `expect` compares, which takes most of a run's time to say that all is well. */
function expectEqual(is: unknown, should: unknown): void {
  if (!isDeepStrictEqual(is, should)) expect(is).toEqual(should);
}

function expectExact(world: BarWorld): void {
  expect(world.live.isLive).toBe(true);
  for (const interval of world.intervals) {
    const belief = world.beliefs.of(interval);
    const stored = new Map(world.database.bars(interval).map((bar) => [bar.bucketUs, plainBar(bar)]));
    for (const [bucketUs, event] of belief) {
      const bar = stored.get(bucketUs);
      if (bar === undefined) expectEqual(event.bar.tickCount, 0);
      else expectEqual(event.bar, bar);
    }
    for (const bucketUs of stored.keys()) {
      if (bucketUs >= world.toldFrom.of(interval).us) expectEqual(belief.has(bucketUs), true);
    }
    const newest = [...stored.values()].at(-1);
    expectEqual(world.live.newest(interval, world.nowUs)?.bar, newest);
  }
}

const BOUNDARIES: [string, DayBoundary, readonly LiveInterval[]][] = [
  ["the FX day of 22:00 UTC", { hour: 22, timezone: "UTC" }, STORED_INTERVALS],
  ["the market's own day", { hour: 17, timezone: "America/New_York" }, STORED_INTERVALS],
  ["seconds, parts of a day and weeks", { hour: 3, timezone: "Asia/Kolkata" }, ["15s", "45m", "1w"]],
];

describe("a check", () => {
  test("finds a tick that went round the stream, in every interval", () => {
    const world = new BarWorld(START, { hour: 22, timezone: "UTC" });
    const at = (us: number, price: number) => [{ timeUs: START + us, seq: 0, price }];
    post(world, { ingest: 0, ticks: [{ aside: 0, seq: 0, cost: { price: 1 } }] });
    const settle = () => {
      for (let turn = 0; turn < 9; turn += 1) {
        world.stepAnchor();
        world.stepRead();
        if (world.live.isLive) world.stepCheck();
      }
      world.advance(SECOND / 4);
    };
    settle();
    world.advance(SECOND / 4);
    expect(world.mismatches).toEqual([]);
    world.database.commit(world.database.begin(at(1, 2)));
    settle();
    world.advance(SECOND / 4);
    expect(world.mismatches).toEqual(STORED_INTERVALS);
  });
});

test("a check finds sides that are others though their mid is the same", () => {
  const world = new BarWorld(START, { hour: 22, timezone: "UTC" });
  post(world, { ingest: 0, ticks: [{ aside: 0, seq: 0, cost: { price: 2, bid: 1, ask: 3 } }] });
  for (let turn = 0; turn < 3; turn += 1) world.stepAnchor();
  world.stepRead();
  world.advance(SECOND / 4);
  world.database.correct(START, START + 1, { price: { price: 2 }, quote: { price: 2, bid: 1.5, ask: 2.5 } });
  for (let turn = 0; turn < 3; turn += 1) world.stepCheck();
  world.advance(SECOND / 4);
  expect(world.mismatches).toEqual(STORED_INTERVALS);
});

test("a bar that a client was shown before anybody was told of it is told to be gone", () => {
  const world = new BarWorld(START, { hour: 22, timezone: "UTC" });
  post(world, { ingest: 0, ticks: [{ aside: 0, seq: 0, cost: { price: 1 } }] });
  const anchor = () => {
    for (let turn = 0; turn < 3; turn += 1) world.stepAnchor();
  };
  anchor();
  expect(world.live.newest("minute", world.nowUs)?.bar.tickCount).toBe(1);
  expect(world.beliefs.of("minute").size).toBe(0);
  world.correct(0, START, START + SECOND, undefined);
  world.publish(0);
  world.deliver();
  anchor();
  expect([...world.beliefs.of("minute").values()]).toMatchObject([{ kind: "revision", bar: { tickCount: 0 } }]);
});

test("a running bar that only HTTP has shown, gone before the anchor was read, is told to be gone", () => {
  const world = new BarWorld(START, { hour: 22, timezone: "UTC" });
  post(world, { ingest: 0, ticks: [{ aside: 0, seq: 0, cost: { price: 1 } }] });
  world.join();
  world.correct(0, START, START + SECOND, undefined);
  for (let turn = 0; turn < 3; turn += 1) world.stepAnchor();
  world.publish(0);
  world.deliver();
  for (let turn = 0; turn < 3; turn += 1) world.stepAnchor();
  for (const interval of STORED_INTERVALS) {
    expect([...(world.joined?.of(interval).values() ?? [])]).toMatchObject([{ tickCount: 0 }]);
  }
});

describe("live bars", () => {
  test.each(BOUNDARIES)(
    "equal a full recomputation after any interleaving of commits, publishing, delivery, losses, anchors, reads and corrections: %s",
    (_name, boundary, intervals) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 10, maxLength: 120, size: "max" }), (steps) => {
          const world = play(steps, boundary, intervals);
          expectExact(world);
          // A check never takes what is on its way for an error.
          expect(world.mismatches).toEqual([]);
        }),
        { numRuns: Number(process.env.FC_RUNS ?? 300) },
      );
    },
    120_000,
  );

  test.each(BOUNDARIES)(
    "are told so that whoever read all of history when he began to follow them knows all of it ever after: %s",
    (_name, boundary, intervals) => {
      fc.assert(
        fc.property(fc.array(lossless, { minLength: 10, maxLength: 120, size: "max" }), (steps) => {
          const { joined, database } = play(steps, boundary, intervals);
          if (joined === undefined) return;
          for (const interval of intervals) {
            const known = [...joined.of(interval).values()].filter(({ tickCount }) => tickCount > 0);
            known.sort((a, b) => a.bucketUs - b.bucketUs);
            expectEqual(known, database.bars(interval).map(plainBar));
          }
        }),
        { numRuns: Number(process.env.FC_RUNS ?? 300) },
      );
    },
    120_000,
  );

  test.each(BOUNDARIES)(
    "equal it too when the gateway's clock or the database's jumps, ahead and back, by milliseconds or hours: %s",
    (_name, boundary, intervals) => {
      fc.assert(
        fc.property(fc.array(stepWithClocks, { minLength: 10, maxLength: 120, size: "max" }), (steps) => {
          expectExact(play(steps, boundary, intervals));
        }),
        { numRuns: Number(process.env.FC_RUNS ?? 300) },
      );
    },
    120_000,
  );
});
