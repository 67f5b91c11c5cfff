import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Arrivals } from "./arrivals.js";

const connection = (remoteAddress: string) => ({ remoteAddress, destroyed: false, readableLength: 0 }) as Socket;

test("of a crowd of new connections some are read at once and some in each turn, and none that has ended", async () => {
  const arrivals = new Arrivals();
  const crowd = Array.from({ length: 100 }, () => connection("192.0.2.1"));
  const read: number[] = [];
  const waits = crowd.map((socket, at) => arrivals.meet(socket)?.then(() => read.push(at)));
  expect(waits.filter((wait) => wait === undefined)).toHaveLength(16);
  for (const socket of crowd.slice(40)) Object.assign(socket, { destroyed: true });
  await nextTurn();
  await nextTurn();
  expect(read.length).toBeLessThanOrEqual(8);
  await Promise.all(waits.slice(0, 40));
  await nextTurn();
  expect(read).toEqual(Array.from({ length: 24 }, (_, at) => 16 + at));
});

test("others are read at once meanwhile", () => {
  const arrivals = new Arrivals();
  const meet = (address: string) => Array.from({ length: 50 }, () => arrivals.meet(connection(address)));
  expect(meet("192.0.2.1").at(-1)).toBeInstanceOf(Promise);
  expect(arrivals.meet(connection("192.0.2.2"))).toBeUndefined();
});
