import { formatTime, hull, type Micros, type RevisionReason, type Tick, type TimeRange } from "@fx-ohlc/schemas";
import type { MessageText } from "./publish-script.js";

/** Why a range is told of: its reason, or that it has new ticks which are too old for the stream. */
export type Cause = RevisionReason | "old";

/** A range of one symbol's time that changed, and why. */
export interface Revision extends TimeRange {
  readonly symbol: string;
  readonly reason: RevisionReason;
}

/** A commit whose ticks are told of. */
export interface ToldCommit {
  readonly xid: string;
  /** Its number in the ledger. */
  readonly batch: number;
  /** The database's clock when it was made, and its incarnation. */
  readonly nowUs: Micros;
  readonly incarnation: string;
}

/** Ticks one message holds at most: some 13 kB, so that no reader waits long behind it. */
const TICKS_PER_MESSAGE_MAX = 200;

/** A message waiting for Redis. */
export interface Outgoing extends MessageText {
  /** The commits that are told of with it: none when more messages of its commit follow, several where a revision stands for them. */
  batches: readonly number[];
  /** Ticks in it; 0 for a revision. */
  readonly ticks: number;
  /** The half-open range of time it stands for: what it tells of, and what else its commits changed that waits no longer without it. */
  readonly fromUs: Micros;
  readonly toUs: Micros;
  /** When its oldest tick is too old to be streamed, by this process's monotonic clock, ms. */
  readonly expiresMs: number;
  /** Of the database that it was committed to; undefined of a revision, which is true of any. */
  readonly incarnation?: string;
}

function headOf(type: "ticks" | "revision", symbol: string): string {
  return `{"type":"${type}","symbol":"${symbol}","offset":"`;
}

function tickJson({ timeUs, price, seq }: Tick): string {
  return `{"time":"${formatTime(timeUs)}","price":${price},"seq":${seq}}`;
}

/** What the messages of a commit have in common. */
export interface MessageFrame {
  readonly symbol: string;
  readonly xid: string;
  readonly incarnation: string;
  /** Of a tick, see {@link Outgoing}. */
  expiresMs(timeUs: Micros): number;
}

/** The messages that tell of one symbol's new ticks, which are ordered by (time, seq); with the last one of the commits. */
export function tickMessages(frame: MessageFrame, ticks: readonly Tick[], batches: readonly number[]): Outgoing[] {
  const { symbol, xid, incarnation } = frame;
  const messages: Outgoing[] = [];
  for (let at = 0; at < ticks.length; at += TICKS_PER_MESSAGE_MAX) {
    const part = ticks.slice(at, at + TICKS_PER_MESSAGE_MAX);
    const isLast = at + part.length === ticks.length;
    const fromUs = part[0]?.timeUs ?? 0;
    messages.push({
      batches: isLast ? batches : [],
      ticks: part.length,
      fromUs,
      toUs: (part.at(-1)?.timeUs ?? 0) + 1,
      expiresMs: frame.expiresMs(fromUs),
      incarnation,
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
export function revisionText(symbol: string, { fromUs, toUs }: TimeRange, cause: Cause): MessageText {
  // Gateways of the first version tell tick clients of what was lost, and of nothing else.
  const reason = cause === "old" ? `lost","late":true` : `${cause}"`;
  const tail = `","from":"${formatTime(fromUs)}","to":"${formatTime(toUs)}","reason":"${reason}}`;
  return { head: headOf("revision", symbol), tail };
}

/** The message that tells of a changed range, and with it of some commits. */
export function revisionMessage(
  symbol: string,
  { fromUs, toUs }: TimeRange,
  cause: Cause,
  batches: readonly number[],
): Outgoing {
  const text = revisionText(symbol, { fromUs, toUs }, cause);
  return { batches, ticks: 0, fromUs, toUs, expiresMs: Number.POSITIVE_INFINITY, ...text };
}

/** The messages that tell of one symbol's ranges that changed with a commit. */
export function revisionMessages(symbol: string, revisions: readonly Revision[], batch: number): Outgoing[] {
  return revisions.map((revision, index) =>
    revisionMessage(symbol, revision, revision.reason, index === revisions.length - 1 ? [batch] : []),
  );
}

/** Whether a message's ticks are too old by now to be put on a stream. */
export function isExpired({ ticks, expiresMs }: Outgoing, nowMs: number): boolean {
  return ticks > 0 && expiresMs <= nowMs;
}

/** What one message of a call says, and what it says where nobody knows whether clients were told already. */
export interface Telling {
  readonly text: MessageText;
  readonly ifLost: MessageText;
}

/**
 * What a call tells of the messages it stands for: the same, but one range for those in a row that are too old by now, or were
 * committed to another database than the one that is there.
 */
export function tellings(
  symbol: string,
  messages: readonly Outgoing[],
  now: { readonly nowMs: number; readonly incarnation: string },
): Telling[] {
  const told: Telling[] = [];
  let last: { readonly cause: Cause; readonly range: TimeRange } | undefined;
  for (const message of messages) {
    const cause = causeOf(message, now);
    if (cause === undefined) {
      last = undefined;
      told.push(messageTelling(symbol, message));
      continue;
    }
    const joined = last?.cause === cause ? last.range : undefined;
    if (joined !== undefined) told.pop();
    last = { cause, range: joined === undefined ? message : hull(joined, message) };
    told.push(alike(revisionText(symbol, last.range, cause)));
  }
  return told;
}

function causeOf(
  message: Outgoing,
  { nowMs, incarnation }: { readonly nowMs: number; readonly incarnation: string },
): Cause | undefined {
  if (message.ticks > 0 && message.incarnation !== incarnation) return "lost";
  return isExpired(message, nowMs) ? "old" : undefined;
}

function alike(text: MessageText): Telling {
  return { text, ifLost: text };
}

function messageTelling(symbol: string, message: Outgoing): Telling {
  return message.ticks > 0 ? { text: message, ifLost: revisionText(symbol, message, "lost") } : alike(message);
}
