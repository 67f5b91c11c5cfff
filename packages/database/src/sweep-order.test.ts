import { SweepOrder } from "./sweep-order.js";

const stuck = { name: "quote", toUs: 9 };
const behind = { name: "ohlc", toUs: 5 };

test("a change that a refresh leaves where it is keeps none behind it waiting, and is tried again a minute later", () => {
  const order = new SweepOrder();
  expect(order.next([stuck], 0)).toBe(stuck);
  expect(order.next([stuck, behind], 200)).toBe(behind);
  expect(order.next([stuck], 400)).toBeUndefined();
  expect(order.next([stuck], 60_000)).toBe(stuck);
});

test("a change that comes again after its refresh is refreshed again at once", () => {
  const order = new SweepOrder();
  expect(order.next([behind], 0)).toBe(behind);
  expect(order.next([], 200)).toBeUndefined();
  expect(order.next([{ ...behind }], 400)).toEqual(behind);
});
