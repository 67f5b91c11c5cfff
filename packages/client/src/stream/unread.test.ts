import { randomInt } from "node:crypto";
import type { StreamEvent } from "./events.js";
import { Unread } from "./unread.js";

test("the earliest start of what waits is known after each event, in whatever order they begin", () => {
  for (let round = 0; round < 200; round += 1) {
    const unread = new Unread();
    const queue: { readonly event: StreamEvent; readonly from: string; readonly channel: string }[] = [];
    for (let step = 0; step < 60; step += 1) {
      if (randomInt(3) > 0) {
        const from = new Date(randomInt(20) * 1000).toISOString();
        const channel = `ticks:${["EURUSD", "GBPUSD"][randomInt(2)]}`;
        const event: StreamEvent = { type: "gap", channel, from, to: from, reason: "lost" };
        queue.push({ event, from, channel });
        unread.add(event);
      } else {
        const taken = queue.shift();
        if (taken !== undefined) unread.take(taken.event);
      }
      const expected = new Map<string, string>();
      for (const { channel, from } of queue) {
        const known = expected.get(channel);
        if (known === undefined || from < known) expected.set(channel, from);
      }
      expect(new Map([...unread.from].toSorted())).toEqual(new Map([...expected].toSorted()));
    }
  }
});
