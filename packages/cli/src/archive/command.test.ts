import { describeArchive } from "./command.js";

test("a symbol's part of the archive is told in a sentence", () => {
  const of = { symbol: "EURUSD", from: "2025-11-01T00:00:00.000000Z", to: "2025-12-01T00:00:00.000000Z" };
  const archived = { ...of, days: 26, ticks: 650_000, bytes: 5_240_000, behind_days: 0, dropped_to: null };
  expect(describeArchive(archived)).toBe(
    "EURUSD: 650000 ticks of 26 days, 2025-11-01 up to 2025-12-01, in 5.2 MB; nothing behind",
  );
  expect(describeArchive({ ...archived, behind_days: 2 })).toMatch(/; 2 days behind$/);
  expect(describeArchive({ ...archived, dropped_to: "2025-11-08T00:00:00.000000Z" })).toMatch(/up to 2025-11-08$/);
});
