import { sentForm } from "./sent-form.js";

const HEADER = "time,symbol,price,seq";
const ROWS = ["2025-12-05T10:00:00.004000Z,EURUSD,1.30,", "2025-12-05T10:00:00.007000Z,EURUSD,1.4,0", ""];

test("ticks without a number are sent as JSON, on the lines that they had", () => {
  expect(sentForm({ body: [HEADER, ...ROWS].join("\n"), hasUnnumbered: true })).toEqual({
    format: "ndjson",
    text: [
      "",
      '{"time":"2025-12-05T10:00:00.004000Z","symbol":"EURUSD","price":1.3}',
      '{"time":"2025-12-05T10:00:00.007000Z","symbol":"EURUSD","price":1.4,"seq":0}',
      "",
    ].join("\n"),
  });
});

test("ticks that all have one are sent as they are", () => {
  const body = [HEADER, ROWS[1], ""].join("\n");
  expect(sentForm({ body, hasUnnumbered: false })).toEqual({ format: "csv", text: body });
});
