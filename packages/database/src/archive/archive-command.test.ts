import { archiveOptions } from "./archive-command.js";

test("all days are archived that have ended by the database's clock, where nobody says which", () => {
  expect(archiveOptions([])).toMatchObject({ fromUs: 0, toUs: Number.POSITIVE_INFINITY, isArchived: true });
  expect(archiveOptions(["--init"])).toMatchObject({ isInitialised: true, isOnlyMade: false, isArchived: false });
  const one = archiveOptions(["--start", "2025-12-05", "--end", "2025-12-06"]);
  expect(one).toMatchObject({ fromUs: Date.UTC(2025, 11, 5) * 1000, toUs: Date.UTC(2025, 11, 6) * 1000 });
});

test.each([
  [["--start", "2025-12-06", "--end", "2025-12-05"], "--start must be before --end"],
  [["--start", "2025-13-45"], "--start must be a time"],
  [["--end", ""], "--end must be a time"],
  [["--if-new"], "--if-new goes with --init"],
  [["2025-12-05"], "2025-12-05"],
])("%j is refused, and by its name", (args, reason) => {
  expect(() => archiveOptions(args)).toThrow(reason);
});
