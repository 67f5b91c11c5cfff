import type { OutgoingTick } from "./outbox.js";
import { Runs } from "./runs.js";

const tick = (symbol: string, time: string, price = "1"): OutgoingTick => ({ symbol, time, prices: [price] });

describe("Runs", () => {
  it("sends the ticks of a stamp again when the next request goes on with it, and else nothing twice", () => {
    const runs = new Runs();
    const [early, a, b] = [tick("EURUSD", "t1"), tick("EURUSD", "t2"), tick("USDJPY", "t2")];
    expect(runs.completed([early, a, b])).toEqual([early, a, b]);
    const again = tick("EURUSD", "t2");
    expect(runs.completed([again])).toEqual([a, again]);
    expect(runs.completed([tick("EURUSD", "t2", "3")])).toEqual([a, again, tick("EURUSD", "t2", "3")]);
    expect(runs.completed([tick("EURUSD", "t3"), tick("USDJPY", "t3")])).toHaveLength(2);
  });

  it("puts the ticks of a symbol side by side, in their order", () => {
    const [a, b, c] = [tick("EURUSD", "t1"), tick("USDJPY", "t1"), tick("EURUSD", "t1")];
    expect(new Runs().completed([a, b, c])).toEqual([a, c, b]);
  });
});
