import { FX_WEEK, isClosedThroughout, parseSession } from "./session.js";
import { parseTime } from "./time.js";

const at = (time: string) => parseTime(time) ?? 0;
const session = (text: string) => parseSession(text) ?? "always";
const isClosed = (text: string, from: string, to: string) => isClosedThroughout(session(text), at(from), at(to));

test("the FX week ends on Friday at 17:00 New York and begins on Sunday at 17:00, in summer and winter", () => {
  expect(isClosed(FX_WEEK, "2024-07-05T20:59:00Z", "2024-07-05T21:00:00Z")).toBe(false);
  expect(isClosed(FX_WEEK, "2024-07-05T21:00:00Z", "2024-07-05T21:01:00Z")).toBe(true);
  expect(isClosed(FX_WEEK, "2024-07-05T21:00:00Z", "2024-07-07T21:00:00Z")).toBe(true);
  expect(isClosed(FX_WEEK, "2024-07-05T21:00:00Z", "2024-07-07T21:01:00Z")).toBe(false);
  expect(isClosed(FX_WEEK, "2024-07-07T21:00:00Z", "2024-07-07T21:01:00Z")).toBe(false);
  expect(isClosed(FX_WEEK, "2024-01-05T21:59:00Z", "2024-01-05T22:00:00Z")).toBe(false);
  expect(isClosed(FX_WEEK, "2024-01-05T22:00:00Z", "2024-01-07T22:00:00Z")).toBe(true);
});

test("the weekends on which the clocks change last 47 and 49 hours", () => {
  expect(isClosed(FX_WEEK, "2024-03-08T22:00:00Z", "2024-03-10T21:00:00Z")).toBe(true);
  expect(isClosed(FX_WEEK, "2024-03-10T21:00:00Z", "2024-03-10T21:01:00Z")).toBe(false);
  expect(isClosed(FX_WEEK, "2024-11-01T21:00:00Z", "2024-11-03T22:00:00Z")).toBe(true);
  expect(isClosed(FX_WEEK, "2024-11-01T20:59:59Z", "2024-11-03T22:00:00Z")).toBe(false);
});

test("every minute of four weeks is open or closed as the local clock says", () => {
  const local = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    ...{ weekday: "short", hour: "2-digit", hourCycle: "h23" },
  });
  const fxWeek = session(FX_WEEK);
  for (let us = at("2024-02-26T00:00:00Z"); us < at("2024-03-25T00:00:00Z"); us += 7 * 60_000_000) {
    const [day = "", hour = ""] = local.format(us / 1000).split(", ");
    const closed = day === "Sat" || (day === "Fri" && Number(hour) >= 17) || (day === "Sun" && Number(hour) < 17);
    expect([us, isClosedThroughout(fxWeek, us, us + 1)]).toEqual([us, closed]);
  }
});

test("other weeks: within one day, across the week's end, without a pause", () => {
  expect(isClosed("Mon 09:00-Mon 17:30 Europe/London", "2024-01-08T17:30:00Z", "2024-01-15T09:00:00Z")).toBe(true);
  expect(isClosed("Mon 09:00-Mon 17:30 Europe/London", "2024-01-08T17:29:00Z", "2024-01-08T17:30:00Z")).toBe(false);
  expect(isClosed("Fri 18:00-Mon 06:00 UTC", "2024-01-07T00:00:00Z", "2024-01-07T01:00:00Z")).toBe(false);
  expect(isClosed("Fri 18:00-Mon 06:00 UTC", "2024-01-08T06:00:00Z", "2024-01-12T18:00:00Z")).toBe(true);
  expect(isClosed("always", "2024-07-06T00:00:00Z", "2024-07-06T00:01:00Z")).toBe(false);
});

test.each([
  "",
  "sometimes",
  "Sun 17:00-Fri 17:00",
  "Sun 24:00-Fri 17:00 UTC",
  "Sun 17:00-Sun 17:00 UTC",
  "Sun 17:00-Fri 17:00 Mars/Olympus",
])("%p is no session", (text) => expect(parseSession(text)).toBeUndefined());
