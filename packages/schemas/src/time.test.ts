import fc from "fast-check";
import { formatBucket, formatTime, parseRangeTime, parseTime, timeOfDigits, timeProblem } from "./time.js";

test("every microsecond from 1970 to 2255 survives writing and reading", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (us) => {
      expect(parseTime(formatTime(us))).toBe(us);
    }),
    { numRuns: 10_000 },
  );
});

test("any text is read as the regular expression of RFC 3339 and the spellings in use would read it", () => {
  const grammar =
    /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d(\.\d{1,9})?)?( ?[Zz]| UTC| ?[+-]([01]\d|2[0-3])(:?[0-5]\d)?)$/;
  const part = fc.constantFrom(
    "2025-12-05",
    "2025-02-30",
    "T",
    "t",
    "10",
    "23",
    "24",
    "59",
    "60",
    "05",
    ":",
    ".",
    "1",
    "123456",
    "Z",
    "+",
    "-",
    " ",
    "UTC",
  );
  const nearTime = fc
    .tuple(
      fc.constantFrom("2025-12-05T10:00:00", "2025-12-05t23:59:59.1", "2025-12-05 10:00"),
      fc.array(part, { maxLength: 5 }),
    )
    .map(([start, rest]) => start + rest.join(""));
  fc.assert(
    fc.property(
      fc.oneof(
        nearTime,
        fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
      ),
      (text) => {
        const isDate = !Number.isNaN(Date.parse(`${text.slice(0, 10)}T00:00:00Z`)) && !text.startsWith("2025-02-30");
        expect(parseTime(text) !== undefined).toBe(grammar.test(text) && isDate);
      },
    ),
    { numRuns: 20_000 },
  );
});

test.each([
  ["2025-12-05T10:00:00Z", "2025-12-05T10:00:00.000000Z"],
  ["2025-12-05T10:00:00.5Z", "2025-12-05T10:00:00.500000Z"],
  ["2025-12-05t10:00:00.123456z", "2025-12-05T10:00:00.123456Z"],
  ["2025-12-05T10:00:00.000001+05:30", "2025-12-05T04:30:00.000001Z"],
  ["2025-12-05T10:00:00-00:30", "2025-12-05T10:30:00.000000Z"],
  ["2026-02-15 00:00:18.190646+00:00", "2026-02-15T00:00:18.190646Z"],
  ["2026-02-15T00:00:18.190646999Z", "2026-02-15T00:00:18.190646Z"],
  ["2026-01-05T10:00Z", "2026-01-05T10:00:00.000000Z"],
  ["2024-02-01T10:00:00+0000", "2024-02-01T10:00:00.000000Z"],
  ["2024-02-01T10:00:00+01", "2024-02-01T09:00:00.000000Z"],
  ["2024-02-01 10:00:00 -0130", "2024-02-01T11:30:00.000000Z"],
  ["2024-02-01 10:00:00 UTC", "2024-02-01T10:00:00.000000Z"],
  ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"],
])("%s is read as %s", (text, expected) => {
  expect(formatTime(parseTime(text) ?? 0)).toBe(expected);
});

test.each([
  "2025-12-05T10:00:00",
  "2025-12-05 10:00:00",
  "2025-12-05T10:00:00.1234567890Z",
  "2025-12-05T10:00:00UTC",
  "2025-12-05T10:00:00 utc",
  "2025-12-05T10:00:60Z",
  "2025-12-05T24:00:00Z",
  "2025-02-29T10:00:00Z",
  "2025-13-01T10:00:00Z",
  "2025-12-05T10:00",
  "2025.12.05 10:00",
  "2025-12-05T10:00.5Z",
  "2025-12-05T10:00:00.Z",
  "2025-12-05T10:00:00+5:30",
  "2025-12-05T10:00:00+24:00",
  "20251205T100000Z",
  "+12025-12-05T10:00:00Z",
  "2025-12-05T10:00:00Z ",
  "2025-12-05T10:00:00.5",
  "2025-12-05T1a:00:00Z",
  "2025-12-05T10-00-00Z",
  "2025-1-05TT10:00:00Z",
  "2025-12-05T10:00:00.12  Z",
  "2025-12-05T10:00:00*05:30",
  "",
  1_700_000_000,
  null,
])("%j is no time", (raw) => {
  expect(parseTime(raw)).toBeUndefined();
});

test("a bucket is written without a fraction", () => {
  expect(formatBucket(parseTime("2025-12-05T10:00:00Z") ?? 0)).toBe("2025-12-05T10:00:00Z");
});

test.each([
  ["1733392800", "s", "2024-12-05T10:00:00.000000Z"],
  ["1733392800123", "ms", "2024-12-05T10:00:00.123000Z"],
  ["1733392800123456", "us", "2024-12-05T10:00:00.123456Z"],
  // As a double it would be 1733392800123456000 - 256.
  ["1733392800123456001", "ns", "2024-12-05T10:00:00.123456Z"],
  ["1733392800123456999", "ns", "2024-12-05T10:00:00.123456Z"],
] as const)("%s is that many %s", (text, unit, expected) => {
  expect(formatTime(timeOfDigits(text, unit) ?? 0)).toBe(expected);
});

test.each([
  ["2026-03-01", "2026-03-01T00:00:00.000000Z"],
  ["2026-03-01 00:00:00+00:00", "2026-03-01T00:00:00.000000Z"],
  ["1733392800", "2024-12-05T10:00:00.000000Z"],
  ["1733392800123", "2024-12-05T10:00:00.123000Z"],
  ["1733392800123456", "2024-12-05T10:00:00.123456Z"],
  ["1733392800123456001", "2024-12-05T10:00:00.123456Z"],
])("a range may begin at %s", (text, expected) => {
  expect(formatTime(parseRangeTime(text) ?? 0)).toBe(expected);
});

test.each(["2026-02-30", "2026-3-1", "17333928001", "173339280", "-733392800", "1e12345678"])(
  "and not at %s",
  (text) => {
    expect(parseRangeTime(text)).toBeUndefined();
  },
);

test("a refusal says what a time looks like, and of a leap second that it is one", () => {
  expect(timeProblem("2025.12.05 10:00")).toContain("RFC 3339 time with Z or an offset, such as 2025-12-05T10:00:00");
  expect(timeProblem("2016-12-31T23:59:60Z")).toContain("leap second");
});
