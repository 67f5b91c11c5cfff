import type { GapJson } from "@fx-ohlc/client";

/** Why a stretch of time holds no ticks. */
export type GapReason = GapJson["reason"];

export const GAP_REASONS: readonly GapReason[] = ["market_closed", "no_ticks", "feed_down"];

export const REASON_TEXTS: Readonly<Record<GapReason, string>> = {
  no_ticks: "No ticks",
  feed_down: "Feed down",
  market_closed: "Market closed",
};

/** A stretch of a strip without ticks, in minutes from the strip's start. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly reason: GapReason;
}

/** A UTC day, or the part of it that was looked at. */
export interface QualityDay {
  /** Its first instant, ms since 1970. */
  readonly startMs: number;
  /** Minutes of it that were looked at, from its start. */
  readonly from: number;
  readonly to: number;
  /** Minutes in which the market was open, and in which there are ticks. */
  readonly open: number;
  readonly present: number;
  /** Gaps that begin in it or reach into it. */
  readonly gaps: number;
  readonly stretches: readonly Stretch[];
}

const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
export const DAY_MINUTES = 1_440;

/** What a range is made of. */
export interface MinuteRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The stretches of a strip that covers a range. */
export function stretchesOf(gaps: readonly GapJson[], { fromMs, toMs }: MinuteRange): readonly Stretch[] {
  return gaps.flatMap(({ from, to, reason }) => {
    const start = Math.max(fromMs, Date.parse(from));
    const end = Math.min(toMs, Date.parse(to));
    return start < end ? [{ from: (start - fromMs) / MINUTE_MS, to: (end - fromMs) / MINUTE_MS, reason }] : [];
  });
}

/** The days of a range, the latest first. @param gaps those of the closed market among them */
export function daysOf(gaps: readonly GapJson[], range: MinuteRange): readonly QualityDay[] {
  const days: QualityDay[] = [];
  for (let startMs = Math.floor(range.fromMs / DAY_MS) * DAY_MS; startMs < range.toMs; startMs += DAY_MS) {
    days.unshift(dayOf(gaps, startMs, range));
  }
  return days;
}

function dayOf(gaps: readonly GapJson[], startMs: number, range: MinuteRange): QualityDay {
  const fromMs = Math.max(startMs, range.fromMs);
  const toMs = Math.min(startMs + DAY_MS, range.toMs);
  const inDay = gaps.filter(({ from, to }) => Date.parse(from) < toMs && Date.parse(to) > fromMs);
  const stretches = stretchesOf(inDay, { fromMs: startMs, toMs });
  const from = (fromMs - startMs) / MINUTE_MS;
  const to = (toMs - startMs) / MINUTE_MS;
  const closed = lengthOf(stretches, (reason) => reason === "market_closed");
  const missing = lengthOf(stretches, (reason) => reason !== "market_closed");
  const count = stretches.filter(({ reason }) => reason !== "market_closed").length;
  const open = to - from - closed;
  return { startMs, from, to, open, present: open - missing, gaps: count, stretches };
}

function lengthOf(stretches: readonly Stretch[], isMeant: (reason: GapReason) => boolean): number {
  return stretches.reduce((sum, { from, to, reason }) => (isMeant(reason) ? sum + to - from : sum), 0);
}

/** Seconds in which every minute was to hold a tick and did, as a share of all of them; undefined where none was open. */
export function shareText(present: number, open: number): string {
  if (open <= 0) return "–";
  const share = (present / open) * 100;
  // 99.996 is not all of it.
  const rounded = share < 100 ? Math.min(99.9, Number(share.toFixed(1))) : 100;
  return `${rounded.toFixed(rounded === 100 ? 0 : 1)}%`;
}
