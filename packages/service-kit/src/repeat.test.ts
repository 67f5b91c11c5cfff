import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { repeat } from "./repeat.js";

test("a step begins at once, and each one after the one before has ended", async () => {
  let running = 0;
  const seen: number[] = [];
  const stop = repeat(1, async () => {
    running += 1;
    await delay(2);
    seen.push(running);
    running -= 1;
  });
  expect(running).toBe(1);
  while (seen.length < 3) await delay(1);
  await stop();
  expect(new Set(seen)).toEqual(new Set([1]));
});

test("stopping waits for the step under way, and not for the pause", async () => {
  const events = new EventTarget();
  let steps = 0;
  const stop = repeat(60_000, async () => {
    await once(events, "go");
    steps += 1;
  });
  const stopped = stop();
  events.dispatchEvent(new Event("go"));
  await stopped;
  expect(steps).toBe(1);

  const stopIdle = repeat(60_000, async () => {
    steps += 1;
  });
  await delay(1);
  await stopIdle();
  expect(steps).toBe(2);
});
