import {
  type CheckedCost,
  costOf,
  formatTime,
  fxDayName,
  type Micros,
  STORED_INTERVALS,
  type StoredInterval,
  US_PER_HOUR,
  US_PER_MINUTE,
} from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import type { FoldTick } from "../../src/bars/folded-bar.js";
import { barOf, Stack, WITH_QUOTES } from "../support/stack.js";
import { SYMBOL } from "./bar-model.js";
import { BarWorld } from "./bar-world.js";
import { readSampleHour } from "./sample-hour.js";

/**
 * An hour cannot be replayed faster than its clock through services that go by the clock. So the live bars run here under a
 * clock of their own, on the same messages, and what clients heard is compared with what the real services answer once the
 * same ticks and corrections went through them.
 */
const HOUR = "2014-05-06T12";
/** How often the gateway looks at its clock. */
const GRID_US = 250_000;
const FINAL_WITHIN_US = 2_500_000;
/** Every fiftieth tick is late: by up to a minute and a half, so that most of them meet a final bar. */
const LATE_EVERY = 50;
const LATE_MAX_US = 90_000_000;
/** Some forty corrections. */
const CORRECT_EVERY = 100;

interface Correction {
  readonly tick: FoldTick;
  /** Undefined: deleted. */
  readonly cost: CheckedCost | undefined;
}

/** The hour as it reaches the services: each tick with the instant of its POST, in that order. */
function arrivals(ticks: readonly FoldTick[]): { tick: FoldTick; atUs: Micros }[] {
  const delayOf = (index: number) => (index % LATE_EVERY === 7 ? ((index * 7_919) % 90) * (LATE_MAX_US / 90) : 0);
  return ticks.map((tick, index) => ({ tick, atUs: tick.timeUs + delayOf(index) })).sort((a, b) => a.atUs - b.atUs);
}

/** Live bars over the hour; each bar's news must be final in time. */
class Replay {
  readonly world: BarWorld;
  readonly corrections: Correction[] = [];
  readonly #toldLate: string[] = [];

  constructor(startUs: Micros) {
    this.world = new BarWorld(startUs, { hour: 22, timezone: "UTC" });
  }

  /** Minutes that were not final in time. */
  get toldLate(): readonly string[] {
    return this.#toldLate;
  }

  post(tick: FoldTick, atUs: Micros): void {
    this.runUntil(atUs);
    this.world.begin(0, [tick]);
    this.world.commit(0, 0);
    this.#deliver();
  }

  correct(correction: Correction): void {
    const { tick, cost } = correction;
    this.corrections.push(correction);
    this.world.correct(0, tick.timeUs, tick.timeUs + 1, cost && { price: cost, quote: cost });
    this.#deliver();
  }

  /** The grid goes on without any tick. */
  runUntil(us: Micros): void {
    for (; this.world.nowUs + GRID_US <= us; this.#expectFinal()) {
      for (let turn = 0; turn < 3; turn += 1) this.world.stepAnchor();
      for (let turn = 0; turn < 4; turn += 1) this.world.stepRead();
      this.world.advance(GRID_US);
    }
  }

  #deliver(): void {
    this.world.publish(0);
    this.world.deliver();
  }

  #expectFinal(): void {
    const { nowUs, beliefs } = this.world;
    if ((nowUs - FINAL_WITHIN_US) % US_PER_MINUTE !== 0) return;
    const bucketUs = nowUs - FINAL_WITHIN_US - US_PER_MINUTE;
    const told = beliefs.of("minute").get(bucketUs);
    const hasTicks = this.world.database.ticks.some(
      ({ timeUs }) => timeUs >= bucketUs && timeUs < bucketUs + US_PER_MINUTE,
    );
    if (hasTicks && told?.final !== true) this.#toldLate.push(formatTime(bucketUs));
  }
}

/** The sum of decimals. */
const moved = (price: number, by: number) => Number((price + by).toFixed(5));

/** Every hundredth tick is put or deleted a while after it came; of those stamps that one tick has to itself. */
function replayHour(ticks: readonly FoldTick[]): Replay {
  const startUs = Math.floor((ticks[0]?.timeUs ?? 0) / US_PER_HOUR) * US_PER_HOUR;
  const replay = new Replay(startUs);
  const stamps = new Map<Micros, number>();
  for (const { timeUs } of ticks) stamps.set(timeUs, (stamps.get(timeUs) ?? 0) + 1);
  const arriving = arrivals(ticks);
  for (const [index, { tick, atUs }] of arriving.entries()) {
    replay.post(tick, atUs);
    const corrected = arriving[index - (index % 300)]?.tick;
    const isAlone = corrected !== undefined && stamps.get(corrected.timeUs) === 1;
    if (index % CORRECT_EVERY !== 99 || !isAlone) continue;
    const isDeleted = index % 300 === 299;
    const [bid, ask] = [corrected.bid ?? 0, corrected.ask ?? 0].map((side) => moved(side, 0.01 + (index % 7) / 1e5));
    replay.correct({ tick: corrected, cost: isDeleted ? undefined : costOf({ bid, ask }) });
  }
  replay.runUntil(startUs + US_PER_HOUR + 2 * US_PER_MINUTE);
  replay.world.settle();
  return replay;
}

describe("the live bars of an hour of the sample, with 2 % late ticks and some corrections", () => {
  const ticks = readSampleHour(HOUR);
  const replay = replayHour(ticks);
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start();
  });

  afterAll(() => stack.stop());

  test("are final within 2.5 s of each minute's end, with no tick needed", () => {
    expect(replay.toldLate).toEqual([]);
    expect(replay.world.beliefs.of("minute").size).toBe(60);
    expect(replay.corrections.length).toBeGreaterThan(30);
  });

  test("are, every final one of them, what GET /ohlc/* answers", async () => {
    await postAll();
    for (const { tick, cost } of replay.corrections) {
      const time = formatTime(tick.timeUs);
      if (cost === undefined) await stack.deleteTick(SYMBOL, time);
      else await stack.putTick(SYMBOL, time, { bid: cost.bid ?? 0, ask: cost.ask ?? 0 });
    }
    for (const interval of STORED_INTERVALS) await expectSame(interval);
  });

  async function postAll(): Promise<void> {
    const posted = arrivals(ticks).map(({ tick: { timeUs, seq, bid = 0, ask = 0 } }) => {
      return { symbol: SYMBOL, time: formatTime(timeUs), bid, ask, seq };
    });
    for (let at = 0; at < posted.length; at += 500) await stack.post(posted.slice(at, at + 500));
  }

  async function expectSame(interval: StoredInterval): Promise<void> {
    const told = [...replay.world.beliefs.of(interval)].sort(([a], [b]) => a - b).map(([, { bar }]) => bar);
    const startUs = (ticks[0]?.timeUs ?? 0) - 24 * US_PER_HOUR;
    const wire = told.map(({ bucketUs, tickCount, quotes, ...prices }) => {
      const bucket = formatTime(bucketUs).replace(".000000", "");
      const named = interval === "day" ? { date: fxDayName(bucketUs, { hour: 22, timezone: "UTC" }) } : {};
      return { bucket, ...prices, tick_count: tickCount, ...named, ...quotes };
    });
    await eventually(
      async () => {
        expect((await stack.bars(SYMBOL, interval, startUs, WITH_QUOTES)).map(barOf)).toEqual(wire);
        return true;
      },
      { what: `the ${interval} bars` },
    );
  }
});
