import type { Problem } from "@fx-ohlc/service-kit";
import { BodyBudget, type BodyShare } from "./body-budget.js";

const KB = 1024;
const MB = 1024 * KB;

let nowMs: number;
let budget: BodyBudget;
let given: Map<string, Problem>;
beforeEach(() => {
  nowMs = 0;
  given = new Map();
  budget = new BodyBudget(4 * MB, () => nowMs);
});

function body(name: string, isPaced = true): BodyShare {
  const share = budget.open({
    isPaced,
    giveUp: (problem) => {
      given.set(name, problem);
      share.close();
    },
  });
  return share;
}

/** Lets some bytes a second come for so long, each body's own. */
function arriving(seconds: number, bytesPerS: ReadonlyMap<BodyShare, number>): void {
  for (let second = 0; second < seconds; second += 1) {
    nowMs += 1000;
    for (const [share, bytes] of bytesPerS) {
      share.arrived(bytes);
      share.hold(bytes);
    }
    budget.look();
  }
}

test("3 MB at 64 kB/s arrive, what comes at less than 8 kB/s is given up with 408, and so is what stands still", () => {
  const rates = new Map([
    [body("uplink"), 64 * KB],
    [body("slow"), 7 * KB],
    [body("still"), 0],
  ]);
  arriving(48, rates);
  expect([...given].map(([name, { status }]) => [name, status])).toEqual([
    ["slow", 408],
    ["still", 408],
  ]);
  expect(budget.heldBytes).toBe(48 * 64 * KB);
});

test("a body of lines may be silent", () => {
  arriving(120, new Map([[body("feed", false), 0]]));
  expect(given.size).toBe(0);
});

test("past the budget the slowest of the large ones gives way with 503 to one that comes", () => {
  const [fast, slow, slower] = [body("fast"), body("slow"), body("slower")];
  for (const share of [fast, slow, slower]) share.hold(MB);
  arriving(
    10,
    new Map([
      [fast, 70 * KB],
      [slow, 20 * KB],
      [slower, 10 * KB],
    ]),
  );
  expect(body("newcomer").hold(MB)).toBe(true);
  expect([...given].map(([name, { status }]) => [name, status])).toEqual([["slower", 503]]);
});

test("while none is slow the one that comes is refused, and small ones have room of their own", () => {
  const fast = body("fast");
  expect(fast.hold(4 * MB)).toBe(true);
  expect(body("newcomer").hold(MB)).toBe(false);
  expect(body("tick").hold(100)).toBe(true);
  fast.close();
  expect(body("later").hold(MB)).toBe(true);
  expect(given.size).toBe(0);
});

test("what has ended holds nothing, whatever else is done with it", () => {
  const share = body("one");
  share.hold(MB);
  share.close();
  share.close();
  share.release(MB);
  expect([share.hold(1), budget.heldBytes]).toEqual([false, 0]);
});
