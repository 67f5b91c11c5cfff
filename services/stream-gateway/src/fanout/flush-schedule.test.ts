import { FlushSchedule, type FlushTimers } from "./flush-schedule.js";

/** A clock in the test's hands, and what was put on it. */
class TestTimers implements FlushTimers {
  now = 100;
  readonly asked: number[] = [];
  #run: (() => void) | undefined;

  nowMs(): number {
    return this.now;
  }

  after(delayMs: number, run: () => void): void {
    this.asked.push(delayMs);
    this.#run = run;
  }

  fire(): void {
    this.#run?.();
  }
}

function scheduleCosting(costMs: number): { timers: TestTimers; schedule: FlushSchedule } {
  const timers = new TestTimers();
  const schedule = new FlushSchedule(() => {
    timers.now += costMs;
  }, timers);
  return { timers, schedule };
}

describe("a flush", () => {
  test("comes in the next turn after a pause, and once however often it is asked for", () => {
    const { timers, schedule } = scheduleCosting(1);
    schedule.request();
    schedule.request();
    expect(timers.asked).toEqual([0]);
  });

  test("that cost 1 ms is followed by the next one 4 ms after its start", () => {
    const { timers, schedule } = scheduleCosting(1);
    schedule.request();
    timers.fire();
    schedule.request();
    expect(timers.asked).toEqual([0, 3]);
  });

  test("never waits longer than 10 ms after the start of the last one", () => {
    const { timers, schedule } = scheduleCosting(4);
    schedule.request();
    timers.fire();
    schedule.request();
    expect(timers.asked).toEqual([0, 6]);
  });

  test("that cost more than 10 ms is followed at once", () => {
    const { timers, schedule } = scheduleCosting(50);
    schedule.request();
    timers.fire();
    schedule.request();
    expect(timers.asked).toEqual([0, 0]);
  });
});
