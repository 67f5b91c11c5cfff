import { formatTime, type Micros, type RevisionReason, type Tick } from "@fx-ohlc/schemas";
import type { MessageText } from "./publish-script.js";

/** Half-open. */
interface TimeRange {
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** A range of one symbol's time that changed, and why. */
export interface Revision extends TimeRange {
  readonly symbol: string;
  readonly reason: RevisionReason;
}

/** Ticks one message holds at most: some 13 kB, so that no reader waits long behind it. */
const TICKS_PER_MESSAGE_MAX = 200;

/** A message waiting for Redis. */
export interface Outgoing extends MessageText {
  /** The commits that are told of with it: none when more messages of its commit follow, several where a revision stands for them. */
  batches: readonly number[];
  /** Ticks in it; 0 for a revision. */
  readonly ticks: number;
  /** The half-open range of time it tells of. */
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

function headOf(type: "ticks" | "revision", symbol: string): string {
  return `{"type":"${type}","symbol":"${symbol}","offset":"`;
}

function tickJson({ timeUs, price, seq }: Tick): string {
  return `{"time":"${formatTime(timeUs)}","price":${price},"seq":${seq}}`;
}

/** The messages that tell of one symbol's new ticks, which are ordered by (time, seq). */
export function tickMessages(symbol: string, ticks: readonly Tick[], xid: string, batch: number): Outgoing[] {
  const messages: Outgoing[] = [];
  for (let at = 0; at < ticks.length; at += TICKS_PER_MESSAGE_MAX) {
    const part = ticks.slice(at, at + TICKS_PER_MESSAGE_MAX);
    const isLast = at + part.length === ticks.length;
    messages.push({
      batches: isLast ? [batch] : [],
      ticks: part.length,
      fromUs: part[0]?.timeUs ?? 0,
      toUs: (part.at(-1)?.timeUs ?? 0) + 1,
      head: headOf("ticks", symbol),
      // Written when its turn comes: right after the commit the next one is waited for.
      get tail() {
        return `","xid":"${xid}","ticks":[${part.map(tickJson).join(",")}]}`;
      },
    });
  }
  return messages;
}

/** What the message that tells of a changed range says. */
export function revisionText(symbol: string, { fromUs, toUs }: TimeRange, reason: RevisionReason): MessageText {
  const tail = `","from":"${formatTime(fromUs)}","to":"${formatTime(toUs)}","reason":"${reason}"}`;
  return { head: headOf("revision", symbol), tail };
}

/** The message that tells of a changed range, and with it of some commits. */
export function revisionMessage(
  symbol: string,
  { fromUs, toUs }: TimeRange,
  reason: RevisionReason,
  batches: readonly number[],
): Outgoing {
  return { batches, ticks: 0, fromUs, toUs, ...revisionText(symbol, { fromUs, toUs }, reason) };
}

/** The messages that tell of one symbol's ranges that changed with a commit. */
export function revisionMessages(symbol: string, revisions: readonly Revision[], batch: number): Outgoing[] {
  return revisions.map((revision, index) =>
    revisionMessage(symbol, revision, revision.reason, index === revisions.length - 1 ? [batch] : []),
  );
}
