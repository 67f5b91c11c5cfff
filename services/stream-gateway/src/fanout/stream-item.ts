import type { BarItem } from "./bar-item.js";
import type { GapItem } from "./gap-item.js";
import type { StatusItem } from "./status-item.js";
import type { TicksItem } from "./ticks-item.js";

/** Everything that happens on a channel. */
export type StreamItem = TicksItem | GapItem | BarItem | StatusItem;
