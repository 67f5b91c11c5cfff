import { formatOffset, type Offset } from "@fx-ohlc/schemas";
import type { FeedMessage } from "../feed/feed-message.js";
import type { History } from "../feed/sequencer.js";
import { BEFORE_FIRST } from "../stream/positions.js";
import type { Replay } from "./catch-up.js";
import type { PatientReader } from "./patient-reader.js";

/**
 * Where a client's place lies in the stream as it is now, if everything after it can still be had.
 *
 * @param history a read of the stream from the message after `since` on
 */
export function placeIn({ newest, entries }: History<FeedMessage>, since: Offset): Offset | undefined {
  const first = entries[0]?.offset.sequence;
  if (formatOffset(since) === formatOffset(BEFORE_FIRST)) {
    if (newest === undefined) return since;
    return first === 1 ? { epoch: newest.epoch, sequence: 0 } : undefined;
  }
  if (newest?.epoch !== since.epoch) return undefined;
  const isNext = first === since.sequence + 1;
  const isNewest = first === undefined && newest.sequence === since.sequence;
  return isNext || isNewest ? since : undefined;
}

/**
 * The replay that a client's `since` asks for; undefined when it cannot be had, or Redis stays away.
 *
 * @param isWanted whether the client is still there
 */
export async function resume(
  symbol: string,
  since: Offset,
  reader: PatientReader,
  isWanted: () => boolean,
): Promise<Replay | undefined> {
  const history = await reader.read(symbol, since.sequence + 1, isWanted, 1);
  const after = history === undefined ? undefined : placeIn(history, since);
  return after === undefined ? undefined : { symbol, after };
}
