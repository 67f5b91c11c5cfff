import type { Offset, TimeRange } from "@fx-ohlc/schemas";
import type { FeedMessage } from "../feed/feed-message.js";
import type { History } from "../feed/sequencer.js";
import type { Replay } from "./catch-up.js";
import type { GapRanges } from "./gap-ranges.js";
import type { Positions } from "./positions.js";
import type { RetryingReader } from "./retrying-reader.js";

/** What resuming needs of the gateway. */
export interface ResumptionContext {
  readonly reader: RetryingReader;
  readonly positions: Positions;
  readonly gapRanges: GapRanges;
}

/**
 * Where a client's place lies in the stream as it is now, if everything after it can still be had.
 *
 * @param history a read of the stream from the message after `since` on
 */
export function placeIn({ newest, entries }: History<FeedMessage>, since: Offset): Offset | undefined {
  const first = entries[0]?.offset.sequence;
  if (newest?.epoch !== since.epoch) return undefined;
  const isNext = first === since.sequence + 1;
  const isNewest = first === undefined && newest.sequence === since.sequence;
  return isNext || isNewest ? since : undefined;
}

/** The same of a client that was told before the first message. */
function placeBeforeFirst({ newest, entries }: History<FeedMessage>, since: Offset): Offset | undefined {
  if (newest === undefined) return since;
  return entries[0]?.offset.sequence === 1 ? { epoch: newest.epoch, sequence: 0 } : undefined;
}

/** Where ticks lie that come after a client's place: after the first of them, or after now. */
function missedAfter(entry: FeedMessage | undefined, gapRanges: GapRanges): TimeRange {
  if (entry === undefined) return gapRanges.sinceNow();
  return entry.type === "ticks" ? gapRanges.afterTick(entry.times.fromUs) : gapRanges.ofAllKept();
}

/**
 * The replay that a client's `since` asks for; undefined when it cannot be had, or Redis stays away.
 *
 * @param isWanted whether the client is still there
 */
export async function resume(
  symbol: string,
  since: Offset,
  { reader, positions, gapRanges }: ResumptionContext,
  isWanted: () => boolean,
): Promise<Replay | undefined> {
  const history = await reader.read(symbol, since.sequence + 1, isWanted, 1);
  if (history === undefined) return undefined;
  const isBeforeFirst = since.epoch === positions.beforeFirst.epoch;
  if (isBeforeFirst && !positions.isWhole(symbol)) return undefined;
  const after = isBeforeFirst ? placeBeforeFirst(history, since) : placeIn(history, since);
  if (after === undefined) return undefined;
  const until = history.newest ?? after;
  const count = await reader.countTold(symbol, after, until.sequence, isWanted);
  if (count === undefined) return undefined;
  return { symbol, after, until, count, missed: missedAfter(history.entries[0], gapRanges) };
}
