import {
  costJson,
  formatTime,
  hull,
  type Micros,
  type RevisionReason,
  type Tick,
  type TimeRange,
} from "@fx-ohlc/schemas";
import type { TraceSpan } from "@fx-ohlc/service-kit";
import type { UntoldCommit } from "../write/commit-ledger.js";
import type { MessageText } from "./publish-script.js";

/** Why a range is told of: its reason, or that it has new ticks which are too old for the stream. */
export type Cause = RevisionReason | "old";

/** A commit whose ticks are told of. */
export interface ToldCommit {
  readonly xid: string;
  readonly untold: UntoldCommit;
  /** The database's clock when it was made, and its incarnation. */
  readonly nowUs: Micros;
  readonly incarnation: string;
  /** The commit as a step of a trace, where somebody records it. */
  readonly span?: TraceSpan | undefined;
}

/** Ticks one message holds at most: some 13 kB, so that no reader waits long behind it. */
const TICKS_PER_MESSAGE_MAX = 200;

/** A message waiting for Redis. */
export interface Outgoing extends MessageText, TimeRange {
  /** What it tells of, or a part of it: at least one, the oldest first. */
  readonly commits: readonly UntoldCommit[];
  /** Whether that is all there is to tell of them to the symbol's readers, once those before it are told. */
  readonly isLast: boolean;
  /** Ticks in it; 0 for a range alone. */
  readonly ticks: number;
  /** Of the database that it was committed to; undefined of a range alone, which is true of any. */
  readonly incarnation?: string;
  /** Called when it is on Redis. */
  readonly onTold?: () => void;
  /** Its way to Redis, until it is there or is given up. */
  readonly span?: TraceSpan | undefined;
}

function headOf(type: "ticks" | "revision", symbol: string): string {
  return `{"type":"${type}","symbol":"${symbol}","offset":"`;
}

/** A tick as it travels. */
export function tickJson(tick: Omit<Tick, "symbol">): string {
  return `{"time":"${formatTime(tick.timeUs)}",${costJson(tick)},"seq":${tick.seq}}`;
}

/**
 * The messages that tell of one symbol's new ticks.
 *
 * @param ticks ordered by (time, seq)
 * @param isAll whether nothing else is to be told of the commit to the symbol's readers
 */
export function tickMessages(
  symbol: string,
  ticks: readonly Tick[],
  { xid, incarnation, untold, span: committed }: ToldCommit,
  isAll: boolean,
): Outgoing[] {
  const commits = [untold];
  const messages: Outgoing[] = [];
  for (let at = 0; at < ticks.length; at += TICKS_PER_MESSAGE_MAX) {
    const part = ticks.slice(at, at + TICKS_PER_MESSAGE_MAX);
    const span = committed?.child("publish ticks", "producer", {
      ...{ "messaging.system": "redis", "fx.symbol": symbol, "fx.ticks": part.length },
    });
    const trace = span === undefined ? "" : `","traceparent":"${span.traceparent}`;
    messages.push({
      commits,
      isLast: isAll && at + part.length === ticks.length,
      ticks: part.length,
      fromUs: part[0]?.timeUs ?? 0,
      toUs: (part.at(-1)?.timeUs ?? 0) + 1,
      incarnation,
      span,
      head: headOf("ticks", symbol),
      // Written when its turn comes: right after the commit the next one is waited for.
      get tail() {
        return `","xid":"${xid}${trace}","ticks":[${part.map(tickJson).join(",")}]}`;
      },
    });
  }
  return messages;
}

/**
 * What the message that tells of a changed range says.
 *
 * @param more members, each after a comma
 */
export function revisionText(symbol: string, { fromUs, toUs }: TimeRange, cause: Cause, more = ""): MessageText {
  // Gateways of the first version tell tick clients of what was lost, and of nothing else.
  const reason = cause === "old" ? `lost","late":true` : `${cause}"`;
  const tail = `","from":"${formatTime(fromUs)}","to":"${formatTime(toUs)}","reason":"${reason}${more}}`;
  return { head: headOf("revision", symbol), tail };
}

/** The messages that tell of one symbol's ranges, all that changed with some commits. */
export function revisionMessages(
  symbol: string,
  ranges: readonly TimeRange[],
  cause: Cause,
  commits: readonly UntoldCommit[],
): Outgoing[] {
  return ranges.map(({ fromUs, toUs }, index) => ({
    commits,
    isLast: index === ranges.length - 1,
    ticks: 0,
    fromUs,
    toUs,
    ...revisionText(symbol, { fromUs, toUs }, cause),
  }));
}

/** What one message of a call says, and what it says where nobody knows whether clients were told already. */
export interface Telling {
  readonly text: MessageText;
  readonly ifLost: MessageText;
}

/**
 * What a call tells of its messages: the same, but one range for those in a row that were committed to another database than the
 * one that is there.
 */
export function tellings(symbol: string, messages: readonly Outgoing[], incarnation: string): Telling[] {
  const told: Telling[] = [];
  let foreign: TimeRange | undefined;
  for (const message of messages) {
    if (message.incarnation === undefined || message.incarnation === incarnation) {
      foreign = undefined;
      told.push({ text: message, ifLost: message.ticks > 0 ? revisionText(symbol, message, "lost") : message });
      continue;
    }
    if (foreign !== undefined) told.pop();
    foreign = foreign === undefined ? message : hull(foreign, message);
    const text = revisionText(symbol, foreign, "lost");
    told.push({ text, ifLost: text });
  }
  return told;
}
