import { Ledger, placeOf } from "./ledger.js";

const TICK = { symbol: "EURUSD", time: "2025-12-05T10:00:00.000000Z", seq: 0 };
const PLACE = placeOf(TICK);

function faults(ledger: Ledger, read: [string, string][], begunAt: number): number {
  return ledger.faults("EURUSD", read, begunAt, performance.now()).length;
}

test("a reader must see what was answered before he asked, may see what was under way, and nothing else or twice", () => {
  const ledger = new Ledger();
  const early = performance.now();
  const write = ledger.begin(TICK, "1.1");
  expect(faults(ledger, [], early)).toBe(0);
  expect(faults(ledger, [[PLACE, "1.1"]], early)).toBe(0);
  ledger.end(write);
  expect(faults(ledger, [], early)).toBe(0);
  const late = performance.now();
  expect(faults(ledger, [], late)).toBe(1);
  expect(faults(ledger, [[PLACE, "1.2"]], late)).toBe(1);
  expect(faults(ledger, [[`${PLACE}9`, "1.1"]], late)).toBe(2);
  expect(
    faults(
      ledger,
      [
        [PLACE, "1.1"],
        [PLACE, "1.1"],
      ],
      late,
    ),
  ).toBe(1);
  const deletion = ledger.begin(TICK, null);
  expect([faults(ledger, [], late), faults(ledger, [[PLACE, "1.1"]], late)]).toEqual([0, 0]);
  ledger.end(deletion);
  expect(faults(ledger, [[PLACE, "1.1"]], performance.now())).toBe(1);
});

test("what was refused was never there", () => {
  const ledger = new Ledger();
  ledger.refuse(TICK, ledger.begin(TICK, "1.1"));
  expect(faults(ledger, [[PLACE, "1.1"]], performance.now())).toBe(1);
});
