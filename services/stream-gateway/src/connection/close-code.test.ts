import { CLOSE_CODES } from "@fx-ohlc/contract";
import { CLOSE } from "./close-code.js";

test("people are told what to do after every close code", () => {
  const told = new Set(Object.keys(CLOSE_CODES).map(Number));
  expect(Object.values(CLOSE).filter((code) => !told.has(code))).toEqual([]);
});
