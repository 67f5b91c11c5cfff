import { EventQueue } from "./event-queue.js";
import type { StreamEvent } from "./events.js";

const ticks = (count: number): StreamEvent => ({
  ...{ type: "ticks", channel: "ticks:EURUSD", offset: "e-1" },
  ticks: Array.from({ length: count }, (_, seq) => ({ time: "2024-01-02T03:04:05.000000Z", price: 1, seq })),
});
const status = (reason: string): StreamEvent => ({ type: "status", status: "waiting", reason });

function queue(rowsMax: number) {
  const drained = jest.fn();
  return { drained, queue: new EventQueue(rowsMax, drained, () => undefined) };
}

describe("an event queue", () => {
  it.each([3, 20_000])(
    "is full with %d rows and drained with half of them, however many events they are",
    async (max) => {
      for (const size of [1, max]) {
        const { queue: events, drained } = queue(max);
        for (let rows = 0; rows < max; rows += size) {
          expect(events.isFull).toBe(false);
          events.push(ticks(size));
        }
        expect(events.isFull).toBe(true);
        for (let left = max; left > max / 2; left -= size) {
          expect(drained).not.toHaveBeenCalled();
          await events.next();
        }
        expect([events.isFull, drained.mock.calls.length]).toEqual([false, 1]);
      }
    },
  );

  it("keeps the newest of many notices that nobody reads, and no row less", async () => {
    const { queue: events } = queue(3);
    for (let count = 0; count < 3; count += 1) events.push(ticks(1));
    for (let count = 1; count <= 1000; count += 1) events.push(status(String(count)));
    events.end();
    const read: StreamEvent[] = [];
    for (let next = await events.next(); !next.done; next = await events.next()) read.push(next.value);
    expect(read.slice(0, 3)).toEqual([ticks(1), ticks(1), ticks(1)]);
    expect(read.length).toBeLessThan(3 + 20);
    expect(read.at(-1)).toEqual(status("1000"));
  });
});
