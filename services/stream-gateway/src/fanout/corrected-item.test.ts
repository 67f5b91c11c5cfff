import { narrowedName } from "../subscription/narrowed.js";
import { CorrectedItem } from "./corrected-item.js";
import { Hub } from "./hub.js";
import type { StreamItem } from "./stream-item.js";

test("a correction reaches a token's wildcard only for symbols that the token covers", () => {
  const hub = new Hub<StreamItem>();
  const taken: string[] = [];
  hub.join({ take: ({ symbol }) => void taken.push(symbol) }, [narrowedName("ticks:*", ["EUR*"])]);
  for (const symbol of ["GBPUSD", "EURUSD"])
    hub.publish(new CorrectedItem(symbol, { epoch: "a", sequence: 1 }, { fromUs: 0, toUs: 1 }, []));
  expect(taken).toEqual(["EURUSD"]);
});
