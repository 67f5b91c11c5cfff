import { lineReader } from "./columns.js";

const TIME = "2014-05-04T21:00:00.462Z";
const timeUs = Date.parse(TIME) * 1000;

describe("lineReader", () => {
  it("takes the bid, the ask or their exact middle of a quote", () => {
    const read = (side: "bid" | "ask" | "mid") => lineReader("time,bid,ask", side)(`${TIME},1.38817,1.38884`);
    expect(read("bid")).toEqual({ timeUs, price: "1.38817" });
    expect(read("ask")).toEqual({ timeUs, price: "1.38884" });
    expect(read("mid")).toEqual({ timeUs, price: "1.388505" });
  });

  it("finds columns by their names: in any order and case, quoted, behind a byte order mark, among others", () => {
    const header = '\u00ef\u00bb\u00bf"Volume", ASK ,Time,Bid';
    expect(lineReader(header, "bid")(`7,"1.2",${TIME}, 1.1`)).toEqual({ timeUs, price: "1.1" });
  });

  it("keeps microseconds", () => {
    expect(lineReader("time,price", undefined)("2025-12-05T10:00:00.123456Z,1.1")).toEqual({
      timeUs: Date.parse("2025-12-05T10:00:00Z") * 1000 + 123_456,
      price: "1.1",
    });
  });

  it("wants to be told which price of a quote to take", () => {
    expect(() => lineReader("time,bid,ask", undefined)).toThrow("choose one with --price bid");
  });

  it.each([
    ["bid,ask", "bid", "time"],
    ["time,price", "mid", "bid"],
    ["time,bid", "ask", "ask"],
    [`${TIME},1.1,1.2`, "bid", "time"],
  ] as const)("refuses the header %s with --price %s", (header, side, missing) => {
    expect(() => lineReader(header, side)).toThrow(`line 1 is no header with a ${missing} column: it says "`);
  });

  it.each([
    ["2014-05-04T21:00:00,1.1", /^time must be an RFC 3339 time with Z or an offset/],
    [`${TIME},abc`, /^price must be a decimal number greater than 0$/],
    [`${TIME},0.0`, /^price must be/],
    [`${TIME},`, /^price must be/],
    [TIME, /^has 1 fields, the header 2$/],
    [`${TIME},1,1`, /^has 3 fields, the header 2$/],
  ])("says what is wrong with the line %s", (line, problem) => {
    expect(lineReader("time,price", undefined)(line)).toMatch(problem);
  });
});
