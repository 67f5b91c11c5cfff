import type { BarItem } from "./bar-item.js";
import type { CorrectedItem } from "./corrected-item.js";
import type { GapItem } from "./gap-item.js";
import type { StatusItem } from "./status-item.js";
import type { TicksItem } from "./ticks-item.js";

/** Everything that happens on a channel. */
export type StreamItem = TicksItem | CorrectedItem | GapItem | BarItem | StatusItem;

/** What has a place in its symbol's stream, by which it is known whether a client has it. */
export function isPlaced(item: StreamItem): item is TicksItem | CorrectedItem {
  return item.kind === "ticks" || item.kind === "corrected";
}
