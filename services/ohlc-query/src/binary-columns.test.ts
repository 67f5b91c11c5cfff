import { float8s, instants, int8s } from "./binary-columns.js";

/** The bytes of a column, from 16 hexadecimal digits a value. */
const column = (...values: string[]) => Buffer.from(values.join(""), "hex");

test("doubles are those that were sent, to the last bit", () => {
  expect(float8s(column("3ff0000000000000", "3fb999999999999a", "0000000000000001", "7fefffffffffffff"))).toEqual([
    1,
    0.1,
    5e-324,
    Number.MAX_VALUE,
  ]);
});

test("integers are exact on both sides of 2^32 and of zero", () => {
  const sent = column(
    "0000000000000000",
    "0000000100000000",
    "001fffffffffffff",
    "ffffffffffffffff",
    "fffffffeffffffff",
  );
  expect(int8s(sent)).toEqual([0, 2 ** 32, Number.MAX_SAFE_INTEGER, -1, -(2 ** 32) - 1]);
});

test("instants count from 2000 at the sender and from 1970 here", () => {
  const [before, at] = instants(column("fffca2fec4c82000", "0000000000000001"));
  expect([before, at]).toEqual([0, 946_684_800_000_001]);
});

test("no row is an empty column", () => {
  expect([float8s(null), int8s(null), instants(null)]).toEqual([[], [], []]);
});
