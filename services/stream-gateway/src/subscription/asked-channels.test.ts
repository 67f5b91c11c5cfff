import { type Channel, channelName, EVERY_SYMBOL } from "@fx-ohlc/schemas";
import fc from "fast-check";
import type { ChannelChange } from "../fanout/audiences.js";
import { AskedChannels } from "./asked-channels.js";
import { parseChannel, wildcardOf } from "./channel.js";

const NAMES = ["ticks:A", "ohlc:A:minute", "ohlc:*:minute", "ohlc:A:hour", "ticks:B", "ticks:*"];

function channelsOf(names: readonly string[]): Channel[] {
  return names.map(parseChannel).filter((channel) => channel !== undefined);
}

/** Every channel asked for that no wildcard among them covers. */
function uncovered(asked: ReadonlySet<string>): Set<string> {
  const isFollowed = (channel: Channel) => channel.symbol === EVERY_SYMBOL || !asked.has(wildcardOf(channel));
  return new Set(
    channelsOf([...asked])
      .filter(isFollowed)
      .map(channelName),
  );
}

test("a channel is left out when a wildcard covers it, for nothing may be sent twice", () => {
  const { joined, left } = new AskedChannels().add(channelsOf(NAMES.slice(0, 5)));
  expect([...joined]).toEqual(["ticks:A", "ohlc:*:minute", "ohlc:A:hour", "ticks:B"]);
  expect([...left]).toEqual([]);
});

test("a wildcard means what its client may see", () => {
  const asked = new AskedChannels(["EUR*", "XAUUSD"]);
  expect([...asked.add(channelsOf(["ticks:*"])).joined]).toEqual(["ticks:*|EUR*,XAUUSD"]);
  expect([...asked.remove(channelsOf(["ticks:*"])).change.left]).toEqual(["ticks:*|EUR*,XAUUSD"]);
});

test("whatever is asked for and given up, the changes lead to what is asked for and not covered", () => {
  const step = fc.record({ names: fc.array(fc.constantFrom(...NAMES)), isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const channels = new AskedChannels();
      const asked = new Set<string>();
      const followed = new Set<string>();
      const follow = ({ joined, left }: ChannelChange) => {
        for (const name of joined) expect(followed.has(name)).toBe(false);
        for (const name of left) expect(followed.delete(name)).toBe(true);
        for (const name of joined) followed.add(name);
      };
      for (const { names, isAdded } of steps) {
        if (isAdded) follow(channels.add(channelsOf(names)));
        else follow(channels.remove(channelsOf(names)).change);
        for (const name of names) {
          if (isAdded) asked.add(name);
          else asked.delete(name);
        }
        expect(followed).toEqual(uncovered(asked));
        expect(channels.names).toEqual([...asked]);
      }
    }),
  );
});
