import { parseTime, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { lateBefore, retentionHorizon } from "./commit-rules.js";

const at = (time: string) => parseTime(time) ?? Number.NaN;
const NOW = at("2026-03-10T10:20:30.5Z");

test.each([
  ["ticks kept for ever are refused behind the mark only", 0, 0, "1970-01-01T00:00:00Z"],
  ["a mark stays where it is when retention ends", at("2026-03-01T00:00:00Z"), 0, "2026-03-01T00:00:00Z"],
  ["what is older than is kept is refused before it is dropped", at("2026-03-02T00:00:00Z"), 8, "2026-03-02T10:21:00Z"],
  ["a longer retention does not bring back what was dropped", at("2026-03-02T00:00:00Z"), 90, "2026-03-02T00:00:00Z"],
])("%s", (_what, mark, days, horizon) => {
  expect(retentionHorizon(mark, days, NOW)).toBe(at(horizon));
});

test("a tick is late from five minutes after its minute's end on", () => {
  const lateFrom = (time: string) => at(time) < lateBefore(NOW, 0);
  expect(lateFrom("2026-03-10T10:14:59.999999Z")).toBe(true);
  expect(lateFrom("2026-03-10T10:15:00Z")).toBe(false);
});

test("a tick below what is materialised is late, whatever the clock says", () => {
  expect(lateBefore(NOW, NOW + US_PER_DAY)).toBe(NOW + US_PER_DAY);
  expect(lateBefore(NOW, NOW - 10 * US_PER_MINUTE)).toBe(at("2026-03-10T10:15:00Z"));
});
