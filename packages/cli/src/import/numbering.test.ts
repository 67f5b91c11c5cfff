import { Numbering } from "./numbering.js";

describe("Numbering", () => {
  it("numbers the ticks of one stamp in the file's order", () => {
    const numbering = new Numbering();
    expect([5, 5, 5, 6, 7, 7].map((timeUs) => numbering.next("A", timeUs))).toEqual([0, 1, 2, 0, 0, 1]);
  });

  it("leaves the place of a tick that comes out of order to the service, and goes on with the numbers around it", () => {
    const numbering = new Numbering();
    expect([5, 5, 4, 4, 5, 6].map((timeUs) => numbering.next("A", timeUs))).toEqual([0, 1, undefined, undefined, 2, 0]);
  });

  it("counts each symbol by itself", () => {
    const numbering = new Numbering();
    const ticks = [
      ["A", 5],
      ["B", 5],
      ["A", 5],
      ["B", 4],
      ["B", 5],
    ] as const;
    expect(ticks.map(([symbol, timeUs]) => numbering.next(symbol, timeUs))).toEqual([0, 0, 1, undefined, 1]);
  });

  it("goes on from a saved state as if it had not been left", () => {
    const times = [1, 1, 3, 2, 3, 3, 4];
    const whole = new Numbering();
    const expected = times.map((timeUs) => whole.next("A", timeUs));
    for (let cut = 1; cut < times.length; cut += 1) {
      const before = new Numbering();
      const head = times.slice(0, cut).map((timeUs) => before.next("A", timeUs));
      const after = new Numbering(JSON.parse(JSON.stringify(before.state)));
      expect([...head, ...times.slice(cut).map((timeUs) => after.next("A", timeUs))]).toEqual(expected);
    }
  });

  it("refuses what a stamp cannot hold, and takes the next stamp", () => {
    const numbering = new Numbering();
    for (let count = 0; count < 1024; count += 1) expect(numbering.next("A", 1)).toBe(count);
    expect(() => numbering.next("A", 1)).toThrow("more than 1024 ticks share its time");
    expect(numbering.next("A", 2)).toBe(0);
  });
});
