import { CATCH_UP_MAX_US, Schedule } from "./schedule.js";

const START_US = 1_764_928_800_000_000;
const SECOND_US = 1_000_000;

describe("Schedule", () => {
  it("holds the rate exactly however late and irregularly it is asked", () => {
    const schedule = new Schedule(["EURUSD", "USDJPY"], 40, START_US, Math.random);
    const due: { symbol: string; timeUs: number }[] = [];
    for (let us = START_US; us <= START_US + 60 * SECOND_US; us += 137_000) due.push(...schedule.take(us, 1000));
    due.push(...schedule.take(START_US + 60 * SECOND_US, 1000));
    expect(due.filter(({ symbol }) => symbol === "EURUSD")).toHaveLength(40 * 60);
    expect(due.filter(({ symbol }) => symbol === "USDJPY")).toHaveLength(40 * 60);
  });

  it("gives one tick a slot, each symbol's in rising order and none before its time", () => {
    const schedule = new Schedule(["EURUSD"], 2, START_US, Math.random);
    const times: number[] = [];
    for (let us = START_US; us < START_US + 10 * SECOND_US; us += 20_000) {
      for (const { timeUs } of schedule.take(us, 10)) {
        expect(timeUs).toBeLessThanOrEqual(us);
        times.push(timeUs);
      }
    }
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.map((us) => Math.floor((us - START_US) / 500_000))).toEqual(times.map((_, index) => index));
  });

  it("never says that the next tick is due in a time that has passed once everything due was taken", () => {
    const schedule = new Schedule(["A", "B"], 0.5, START_US, Math.random);
    for (let us = START_US; us < START_US + 20 * SECOND_US; us = schedule.nextUs) {
      schedule.take(us, 10);
      expect(schedule.nextUs).toBeGreaterThan(us);
    }
  });

  it("bounds what it gives at once and gives the rest next time", () => {
    const schedule = new Schedule(["A", "B"], 100, START_US, () => 0);
    const laterUs = START_US + SECOND_US;
    const counts = [schedule.take(laterUs, 60).length, schedule.take(laterUs, 60).length];
    expect(counts).toEqual([120, 82]);
  });

  it.each([
    ["a pause", CATCH_UP_MAX_US + 3600 * SECOND_US],
    ["a clock set back", -3600 * SECOND_US],
  ])("starts afresh after %s instead of catching up or waiting", (_what, jumpUs) => {
    const schedule = new Schedule(["EURUSD"], 10, START_US, Math.random);
    schedule.take(START_US + SECOND_US, 1000);
    const nowUs = START_US + SECOND_US + jumpUs;
    expect(schedule.take(nowUs, 1000).length).toBeLessThanOrEqual(1);
    expect(schedule.nextUs).toBeLessThan(nowUs + SECOND_US);
    const times = schedule.take(nowUs + SECOND_US, 1000).map(({ timeUs }) => timeUs);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(nowUs);
    expect(times.length).toBeGreaterThanOrEqual(9);
  });
});
