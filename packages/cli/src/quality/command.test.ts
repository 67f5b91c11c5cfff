import { describeQuality } from "./command.js";

test("a symbol is told in a sentence", () => {
  const counts = { tick_count: 28342, quote_count: 0, open_s: 86_400, gaps: 3, gap_s: 864, down_s: 60, corrections: 2 };
  const quality = {
    ...{ symbol: "EURUSD", from: "2025-12-01T00:00:00.000000Z", to: "2025-12-02T00:00:00.000000Z", ...counts },
    ...{ longest_silence_s: 600, longest_silence_from: "2025-12-01T03:00:00.000000Z" },
    ...{ late_ticks: null, imported_ticks: 28000, crossed_minutes: 1 },
  };
  expect(describeQuality(quality)).toBe(
    "EURUSD: 28342 ticks, 99.00 % of its minutes; 3 gaps of 864 s, feeds down in 60 s of them, the longest silence 600 s " +
      "from 2025-12-01T03:00:00.000000Z; an unknown number of late, 28000 imported, 2 corrected, 1 minutes with crossed quotes",
  );
  const closed = { ...quality, open_s: 0, gap_s: 0, gaps: 0, longest_silence_s: 0, longest_silence_from: null };
  expect(describeQuality(closed)).toContain("the market was closed; 0 gaps");
});
