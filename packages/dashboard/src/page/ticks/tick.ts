import type { TickJson } from "@fx-ohlc/client";

/** A tick of the chosen symbol, its time as it came: UTC with six fraction digits, so that times compare as text. */
export type PageTick = Omit<TickJson, "symbol">;

/** The order of ticks: by time, and by seq within one. */
export function compareTicks(a: PageTick, b: PageTick): number {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return a.seq - b.seq;
}

/** Ordered ticks with others taken in, each (time, seq) once; what came last counts. */
export function withTicks(known: readonly PageTick[], more: readonly PageTick[]): readonly PageTick[] {
  if (more.length === 0) return known;
  const [first] = more;
  const last = known.at(-1);
  const isAscending = more.every((tick, at) => at === 0 || compareTicks(more[at - 1] ?? tick, tick) < 0);
  const follows = first !== undefined && (last === undefined || compareTicks(last, first) < 0);
  if (isAscending && follows) return [...known, ...more];
  const byKey = new Map([...known, ...more].map((tick) => [`${tick.time}/${tick.seq}`, tick]));
  return [...byKey.values()].sort(compareTicks);
}

/** Ordered ticks with those of [from, to) replaced. Both are UTC texts with six fraction digits. */
export function withTickRange(
  known: readonly PageTick[],
  from: string,
  to: string,
  page: readonly PageTick[],
): readonly PageTick[] {
  return [...known.filter(({ time }) => time < from), ...page, ...known.filter(({ time }) => time >= to)];
}

/** All ticks of [from, to), without `to` from there on, as UTC texts with six fraction digits. */
export interface TickRange {
  readonly from: string;
  readonly to?: string | undefined;
  readonly ticks: readonly PageTick[];
}

/** After every time there is. */
const EVER = "~";

/** Ordered ticks with a range put in its place, but for what lies before the first of them: that is read when it is wanted. */
export function withRange(known: readonly PageTick[], { from, to = EVER, ticks }: TickRange): readonly PageTick[] {
  const [first] = known;
  if (first === undefined || to <= first.time) return known;
  return withTickRange(
    known,
    from,
    to,
    ticks.filter(({ time }) => time >= first.time),
  );
}

/** Seconds since 1970, exact to the microsecond as far as a double goes (a quarter of one). */
export function secondsOf(time: string): number {
  const wholeMs = Date.parse(`${time.slice(0, 19)}Z`);
  return wholeMs / 1000 + Number(`0${time.slice(19, -1)}`);
}
