import type { PageTick } from "./tick.js";
import { TickFeed } from "./tick-feed.js";

const tick = (second: number, price = 1): PageTick => ({ time: `2026-01-01T00:00:0${second}.000000Z`, seq: 0, price });
const priced = ({ ticks }: TickFeed) => ticks.map(({ time, price }) => [Number(time.slice(17, 19)), price]);

/** A feed whose first page is answered when it is let go. */
function openFeed(...page: PageTick[]) {
  let letGo = () => {};
  const answered = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const source = { before: () => answered.then(() => page), range: async () => [] };
  const feed = new TickFeed(source, { onTicks: () => {}, onState: () => {} });
  return { feed, letGo, opened: feed.open("EURUSD") };
}

describe("a correction", () => {
  it("replaces what is kept of its range", async () => {
    const { feed, letGo, opened } = openFeed(tick(1), tick(2), tick(3));
    letGo();
    await opened;
    feed.replace({ from: tick(2).time, to: tick(3).time, ticks: [tick(2, 9)] });
    feed.replace({ from: tick(3).time, to: tick(4).time, ticks: [] });
    expect(priced(feed)).toEqual([
      [1, 1],
      [2, 9],
    ]);
  });

  it("that comes while ticks are read holds for those that were read before it", async () => {
    const { feed, letGo, opened } = openFeed(tick(1), tick(2), tick(3));
    feed.onTicks([tick(4)]);
    feed.replace({ from: tick(2).time, to: tick(3).time, ticks: [] });
    letGo();
    await opened;
    expect(priced(feed)).toEqual([
      [1, 1],
      [3, 1],
      [4, 1],
    ]);
  });
});
