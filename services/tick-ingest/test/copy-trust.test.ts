import { CopyTrust } from "../src/write/copy-trust.js";

let nowMs = 0;
const trustful = () => new CopyTrust(60_000, () => nowMs);

test("a symbol of which ticks were sent again is looked up for a minute, and no other one", () => {
  const trust = trustful();
  expect(trust.trusts(["EURUSD", "GBPUSD"])).toBe(true);
  trust.doubt(["EURUSD"]);
  expect(trust.trusts(["GBPUSD"])).toBe(true);
  expect(trust.trusts(["GBPUSD", "EURUSD"])).toBe(false);
  nowMs += 60_000;
  expect(trust.trusts(["EURUSD"])).toBe(true);
});

test("no more than a hundredth of what was copied within an hour is risked, and the largest request once", () => {
  const trust = trustful();
  expect(trust.canRisk(50_000)).toBe(true);
  trust.noteWasted(5000);
  expect(trust.canRisk(45_000)).toBe(true);
  expect(trust.canRisk(45_001)).toBe(false);
  trust.noteCopied(10_000_000);
  expect(trust.canRisk(95_000)).toBe(true);
  expect(trust.canRisk(95_001)).toBe(false);
  nowMs += 61 * 60_000;
  expect(trust.canRisk(50_000)).toBe(true);
  expect(trust.canRisk(50_001)).toBe(false);
  expect(trust.wastedRows).toBe(5000);
});
