import fc from "fast-check";
import { ChannelSet } from "./channel-set.js";

const name = fc.constantFrom("ticks:A", "ticks:B", "ticks:*", "ohlc:A:minute", "ohlc:B:minute", "ohlc:*:day");
const step = fc.record({ name, isAdded: fc.boolean() });

test("sets of the same channels are known by the same key, however they came about, and no others are", () => {
  fc.assert(
    fc.property(fc.array(step), fc.array(name), (steps, names) => {
      const changed = new ChannelSet();
      const model = new Set<string>();
      for (const { name, isAdded } of steps) {
        if (isAdded) changed.add(name);
        else changed.delete(name);
        if (isAdded) model.add(name);
        else model.delete(name);
      }
      expect(new Set(changed)).toEqual(model);
      expect(changed.equals(new ChannelSet([...model].reverse()))).toBe(true);
      const other = new ChannelSet(names);
      const isSame = model.size === other.size && names.every((one) => model.has(one));
      expect(changed.equals(other)).toBe(isSame);
      expect(changed.key === other.key).toBe(isSame);
    }),
  );
});
