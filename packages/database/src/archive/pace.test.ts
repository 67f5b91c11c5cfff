import { Pace } from "./pace.js";

const { signal } = new AbortController();

test("so many rows a second are let through, of all who take them together", async () => {
  const pace = new Pace(1_000_000, signal);
  const startedAtMs = performance.now();
  const take = async () => {
    for (let slice = 0; slice < 5; slice += 1) await pace.took(10_000);
  };
  await Promise.all([take(), take(), take(), take()]);
  expect(performance.now() - startedAtMs).toBeGreaterThan(195);
  const unbounded = new Pace(0, signal);
  await unbounded.took(Number.MAX_SAFE_INTEGER);
});

test("rows of two seconds are read at a time, and no more than one statement takes", () => {
  expect([1000, 20_000, 1_000_000, 0].map((rate) => new Pace(rate, signal).sliceRows)).toEqual([
    4096, 40_000, 131_072, 131_072,
  ]);
});
