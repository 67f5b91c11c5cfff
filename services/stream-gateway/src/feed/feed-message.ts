import {
  nowUs,
  type Offset,
  parseOffset,
  parseTime,
  type RevisionMessage,
  type TicksMessage,
  type TimeRange,
} from "@fx-ohlc/schemas";

/** What tick-ingest published, with its offset taken apart. */
export type FeedMessage = (
  | { readonly type: "ticks"; readonly content: TicksMessage }
  | { readonly type: "revision"; readonly content: RevisionMessage }
) & { readonly offset: Offset };

function fieldsOf(raw: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(raw);
    // An object's fields are looked at one by one before they are believed.
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

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
    return { type, offset, content: fields as unknown as TicksMessage };
  }
  if (type === "revision" && areTexts(from, to, reason)) {
    return { type, offset, content: fields as unknown as RevisionMessage };
  }
  return undefined;
}

/** The range of time a message tells of. */
export function timesOf({ type, content }: FeedMessage): TimeRange {
  if (type === "revision") return { fromUs: parseTime(content.from) ?? 0, toUs: parseTime(content.to) ?? nowUs() };
  // Ticks are ordered by their times.
  return {
    fromUs: parseTime(content.ticks[0]?.time) ?? 0,
    toUs: (parseTime(content.ticks.at(-1)?.time) ?? nowUs()) + 1,
  };
}
