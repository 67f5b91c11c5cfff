import {
  type Micros,
  type Offset,
  parseOffset,
  parseTime,
  type RevisionMessage,
  type TicksMessage,
  type TimeRange,
} from "@fx-ohlc/schemas";
import { fieldsOf } from "../json-object.js";

/** What tick-ingest published, with its offset taken apart and the range of time that it tells of. */
export type FeedMessage = (
  | { readonly type: "ticks"; readonly content: TicksMessage }
  | { readonly type: "revision"; readonly content: RevisionMessage }
) & { readonly offset: Offset; readonly times: TimeRange };

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

/**
 * Reads a message as tick-ingest writes it. The ticks themselves are believed: they were checked when they were committed.
 *
 * @returns undefined when it is not such a message
 */
export function parseFeedMessage(raw: string): FeedMessage | undefined {
  const fields = fieldsOf(raw);
  const offset = parseOffset(fields?.offset);
  if (fields === undefined || offset === undefined || !areTexts(fields.symbol)) return undefined;
  const { type, xid, ticks, from, to, reason } = fields;
  if (type === "ticks" && typeof xid === "string" && /^\d+$/.test(xid) && Array.isArray(ticks)) {
    // Ticks are ordered by their times.
    const [fromUs, lastUs] = [parseTime(ticks[0]?.time), parseTime(ticks.at(-1)?.time)];
    if (fromUs === undefined || lastUs === undefined) return undefined;
    return { type, offset, content: fields as unknown as TicksMessage, times: { fromUs, toUs: lastUs + 1 } };
  }
  const [fromUs, toUs] = [parseTime(from), parseTime(to)];
  const isRange = areTexts(reason) && (ticks === undefined || Array.isArray(ticks));
  if (type !== "revision" || !isRange || fromUs === undefined || toUs === undefined) return undefined;
  return { type, offset, content: fields as unknown as RevisionMessage, times: { fromUs, toUs } };
}

/** The time of a tick that was read by {@link parseFeedMessage}. */
export function timeOf({ time }: { readonly time: string }): Micros {
  const us = parseTime(time);
  if (us === undefined) throw new TypeError(`not a tick's time: ${time}`);
  return us;
}
