import type { FxClient, TickJson } from "@fx-ohlc/client";
import { formatTime } from "@fx-ohlc/schemas";
import { stampsOf } from "./delete-kind.js";
import type { FileRange, FileTicks } from "./file-ranges.js";
import { isStoredAs, kindOf } from "./stored-kinds.js";

/** Ticks of the files' kind that share their stamp with others of the range, by their time. */
export async function besideOthers(
  client: FxClient,
  { symbol, fromUs, toUs, kind }: FileRange,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly TickJson[]>> {
  const found = new Map<string, readonly TickJson[]>();
  const ticks = client.ticks({ symbol, start: formatTime(fromUs), end: formatTime(toUs), signal });
  for await (const stamp of stampsOf(ticks)) {
    const own = stamp.filter((tick) => kindOf(tick) === kind);
    const [first] = own;
    if (first !== undefined && own.length < stamp.length) found.set(first.time, own);
  }
  return found;
}

/**
 * Those of the stored ticks of a stamp that files have under another number. They stand where they do because of the others that are
 * to be deleted: left there, they would be stored a second time.
 */
export function misnumbered(stored: readonly TickJson[], sent: FileTicks): readonly TickJson[] {
  const rest = [...sent];
  const take = (matches: (tick: FileTicks[number]) => boolean) => {
    const at = rest.findIndex(matches);
    if (at !== -1) rest.splice(at, 1);
    return at !== -1;
  };
  const moved = stored.filter((tick) => !take(({ seq, prices }) => seq === tick.seq && isStoredAs(prices, tick)));
  return moved.filter((tick) => take(({ prices }) => isStoredAs(prices, tick)));
}
