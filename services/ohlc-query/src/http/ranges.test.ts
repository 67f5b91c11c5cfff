import { formatBucket, parseTime } from "@fx-ohlc/schemas";
import { boundaryOf, rangeOf } from "./ranges.js";

const instant = (time: string) => parseTime(time) ?? 0;
const STORED = { hour: 22, timezone: "UTC" };

test("a day boundary is the stored one, a zone's midnight, an hour of UTC, or both as given", () => {
  expect(boundaryOf({}, STORED)).toBe(STORED);
  expect(boundaryOf({ timezone: "Asia/Tokyo" }, STORED)).toEqual({ hour: 0, timezone: "Asia/Tokyo" });
  expect(boundaryOf({ day_start_hour: 5 }, STORED)).toEqual({ hour: 5, timezone: "UTC" });
  const both = boundaryOf({ day_start_hour: 17, timezone: "America/New_York" }, STORED);
  expect(both).toEqual({ hour: 17, timezone: "America/New_York" });
});

test("a range without end and limit ends now and has 1,000 rows", () => {
  const range = rangeOf({ start: 7 }, 5);
  expect(range).toEqual({ fromUs: 7, toUs: 5, limit: 1000 });
});

test("times that no bar can have are cut to the first and last that one can", () => {
  const { fromUs, toUs } = rangeOf({ start: instant("0001-01-01T00:00:00Z"), end: instant("9999-12-31T23:59:59Z") }, 0);
  expect([formatBucket(fromUs), formatBucket(toUs)]).toEqual(["1969-12-30T00:00:00Z", "2255-03-14T16:00:00Z"]);
});
