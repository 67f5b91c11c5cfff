import { checkAccount } from "../src/stream/account.js";
import { DISTURBANCES } from "../src/stream/disturbances.js";
import { Harness, type HarnessResult } from "../src/stream/harness.js";

/** The long form is in this package's README. */
const options = {
  clients: Number(process.env.FX_HARNESS_CLIENTS ?? 80),
  seconds: Number(process.env.FX_HARNESS_SECONDS ?? 25),
  seed: Number(process.env.FX_HARNESS_SEED ?? 1),
};
/** Start, settling and checking, ms. */
const AROUND_MS = 120_000;

describe("two gateways and two tick-ingest while Redis is restarted, frozen and emptied and each of them killed", () => {
  let harness: Harness;
  let result: HarnessResult;

  beforeAll(
    async () => {
      harness = await Harness.create(options);
      result = await harness.run();
      const { figures, corrections } = result;
      console.log(JSON.stringify({ ...options, ...figures, corrections }, null, 1));
    },
    options.seconds * 1_000 + AROUND_MS,
  );

  afterAll(() => harness?.stop());

  test("tell every client each tick committed while it followed, once, or that it was skipped", () => {
    expect(result.faults.slice(0, 20)).toEqual([]);
  });

  test("leave each client that puts corrections in their place with what /ticks answers, whoever told of them in which order", () => {
    expect(result.differences).toEqual([]);
    const { made, told } = result.corrections;
    expect(made).toBeGreaterThan(100);
    for (const corrections of Object.values(told)) expect(corrections).toBeGreaterThan(made / 10);
  });

  test("would have been found out with any message left out or told twice", () => {
    for (const { told, truth } of result.accounts) {
      const at =
        told.findIndex((_item, index) => told.slice(index, index + 3).every(({ kind }) => kind === "ticks")) + 1;
      const message = told[at];
      if (at === 0 || message === undefined) continue;
      expect(checkAccount(told.toSpliced(at, 1), truth)).toContainEqual(expect.objectContaining({ kind: "lost" }));
      expect(checkAccount(told.toSpliced(at, 0, message), truth)).toContainEqual(
        expect.objectContaining({ kind: "doubled" }),
      );
    }
  });

  test("did all of that, to clients that were resumed, conflated, closed and told of gaps", () => {
    const { figures } = result;
    expect(Object.keys(figures.disturbances).sort()).toEqual(Object.keys(DISTURBANCES).sort());
    expect(Object.keys(figures.closes)).toEqual(expect.arrayContaining(["1001", "1006", "4008"]));
    expect(Math.min(figures.resumptions, figures.gapsDeclared, figures.conflations)).toBeGreaterThan(20);
    // Ticks without a place are excused by wide ranges of time: were they many, the check would say little.
    expect(figures.ticksNeverPublished).toBeLessThan(figures.ticksCommitted / 20);
    expect(figures.ticksTold).toBeGreaterThan(figures.clients * 100);
  });
});
