import { ChannelState } from "./channel-state.js";
import type { ChannelMessage } from "./protocol.js";

const at = (minute: number) => `2024-01-02T03:${String(minute).padStart(2, "0")}:00Z`;
const MINUTES = { kind: "ohlc", symbol: "EURUSD", interval: "minute", side: "mid" } as const;
const TICKS = { kind: "ticks", symbol: "EURUSD" } as const;

function bar(type: "bar" | "final" | "revision", minute: number, close = 1): ChannelMessage {
  const prices = { open: 1, high: 1, low: 1, close, tick_count: 1 };
  const bucket = { symbol: "EURUSD", interval: "minute", bucket: at(minute), timestamp: at(minute) } as const;
  const shown = { ...bucket, ...prices, complete: type !== "bar", final: type !== "bar" };
  return { type, channel: "ohlc:EURUSD:minute", bar: shown };
}

function imported(from: number, to: number): ChannelMessage {
  return { type: "gap", channel: "ticks:EURUSD", from: at(from), to: at(to), reason: "trimmed", late: true };
}

function held(state: ChannelState): ChannelMessage[] {
  const messages: ChannelMessage[] = [];
  for (let next = state.release(); next !== undefined; next = state.release()) messages.push(next);
  return messages;
}

describe("what a channel lets go", () => {
  it("is to be read, but for the running bar, which HTTP does not tell among those that are closed", () => {
    const state = new ChannelState("ohlc:EURUSD:minute", MINUTES);
    const messages = [bar("bar", 5), bar("final", 5), bar("bar", 6, 2), bar("revision", 1), bar("bar", 6, 3)];
    for (const message of messages) state.hold(message);
    expect(state.heldRows).toBe(2);
    state.letGo();
    expect([state.heldRows, state.missing]).toEqual([
      0,
      [
        { from: at(1), to: "2024-01-02T03:02:00.000Z" },
        { from: at(5), to: "2024-01-02T03:06:00.000Z" },
      ],
    ]);
    expect(held(state)).toEqual([bar("bar", 6, 3)]);
  });

  it("is not what somebody imports: all of it is told as one range", () => {
    const state = new ChannelState("ticks:EURUSD", TICKS);
    state.hold(imported(10, 20));
    state.hold(imported(5, 15));
    state.letGo();
    expect(state.missing).toEqual([]);
    expect(held(state)).toEqual([imported(5, 20)]);
  });
});

describe("a channel's saved position", () => {
  it("has what is held back as missing until it is released", () => {
    const state = new ChannelState("ticks:EURUSD", TICKS);
    const tick = { time: "2024-01-02T03:04:05.000000Z", price: 1, seq: 0 };
    const message: ChannelMessage = { type: "ticks", channel: "ticks:EURUSD", offset: "e-2", ticks: [tick] };
    state.hold(state.note(message));
    const position = { offset: "e-2", time: tick.time };
    expect(state.saved()).toEqual({ ...position, missing: [{ from: tick.time }] });
    expect(held(state)).toEqual([message]);
    expect(state.saved()).toEqual(position);
  });
});
