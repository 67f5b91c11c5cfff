import { exactTime } from "./exact-time.js";

describe("exactTime", () => {
  it.each([
    ["milliseconds as they are", 1_764_928_800_123, undefined, "2025-12-05T10:00:00.123000Z"],
    ["a fraction of them", 1_764_928_800_123.5, undefined, "2025-12-05T10:00:00.123500Z"],
    [
      "the microseconds of a text",
      1_764_928_800_123,
      { time: "2025-12-05T10:00:00.123456Z" },
      "2025-12-05T10:00:00.123456Z",
    ],
    ["nanoseconds, cut", 1_764_928_800_123, { T: "1764928800123456789" }, "2025-12-05T10:00:00.123456Z"],
    ["microseconds as a number", 1_764_928_800_123, { E: 1_764_928_800_123_456 }, "2025-12-05T10:00:00.123456Z"],
    [
      "seconds with a fraction, of a list",
      1_764_928_800_123,
      ["1.1", 1_764_928_800.123456, "b"],
      "2025-12-05T10:00:00.123456Z",
    ],
    [
      "no other time than its own",
      1_764_928_800_123,
      { sent: "2025-12-05T10:00:00.124001Z" },
      "2025-12-05T10:00:00.123000Z",
    ],
  ])("says %s", (_, timestamp, info, time) => {
    expect(exactTime(timestamp, info)).toBe(time);
  });

  it("says none where the venue says none", () => {
    expect(exactTime(undefined, { time: "2025-12-05T10:00:00.123456Z" })).toBeUndefined();
  });
});
