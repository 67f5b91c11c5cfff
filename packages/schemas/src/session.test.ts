import { closuresWithin, FX_WEEK, isClosedThroughout, marketPhase, parseSession, withHolidays } from "./session.js";
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

test("foreign exchange is closed on the FX days of Christmas and New Year, besides its weekends, and only where they are kept", () => {
  const fx = withHolidays(session(FX_WEEK));
  const isOff = (from: string, to: string) => isClosedThroughout(fx, at(from), at(to));
  expect(isOff("2025-12-24T22:00:00Z", "2025-12-25T22:00:00Z")).toBe(true);
  expect(isOff("2025-12-24T21:59:00Z", "2025-12-24T22:01:00Z")).toBe(false);
  expect(isOff("2025-12-25T22:00:00Z", "2025-12-25T22:01:00Z")).toBe(false);
  expect(isOff("2025-12-31T22:00:00Z", "2026-01-01T22:00:00Z")).toBe(true);
  // Christmas of 2023 was a Monday: it goes on where the weekend ends.
  expect(isOff("2023-12-22T22:00:00Z", "2023-12-25T22:00:00Z")).toBe(true);
  expect(isOff("2023-12-22T22:00:00Z", "2023-12-25T22:00:01Z")).toBe(false);
  expect(isOff("2025-07-02T12:00:00Z", "2025-07-02T12:01:00Z")).toBe(false);
  expect(isClosed(FX_WEEK, "2025-12-25T12:00:00Z", "2025-12-25T12:01:00Z")).toBe(false);
  expect(withHolidays("always")).toBe("always");
});

test.each([
  ["2025-12-03T12:00:00Z", true, "2025-11-30T22:00:00Z"],
  ["2025-12-06T12:00:00Z", false, "2025-12-05T22:00:00Z"],
  ["2025-12-25T12:00:00Z", false, "2025-12-24T22:00:00Z"],
  ["2025-12-26T12:00:00Z", true, "2025-12-25T22:00:00Z"],
  ["2026-01-02T12:00:00Z", true, "2026-01-01T22:00:00Z"],
])("at %s a market is open, or closed, since its last opening, or closing", (time, isOpen, since) => {
  expect(marketPhase(withHolidays(session(FX_WEEK)), at(time))).toEqual({ isOpen, sinceUs: at(since) });
});

test("the closures of a range are cut at its ends, and joined where a weekend and a holiday meet", () => {
  const within = (from: string, to: string) => closuresWithin(withHolidays(session(FX_WEEK)), at(from), at(to));
  const range = (from: string, to: string) => ({ fromUs: at(from), toUs: at(to) });
  expect(within("2023-12-23T00:00:00Z", "2024-01-01T12:00:00Z")).toEqual([
    range("2023-12-23T00:00:00Z", "2023-12-25T22:00:00Z"),
    range("2023-12-29T22:00:00Z", "2024-01-01T12:00:00Z"),
  ]);
  expect(within("2025-12-22T00:00:00Z", "2025-12-24T22:00:00Z")).toEqual([]);
  expect(closuresWithin("always", 0, at("2025-12-24T22:00:00Z"))).toEqual([]);
});
