/** A half-open range [from, to) of a channel's time, RFC 3339 in UTC. */
export interface Range {
  readonly from: string;
  /** Absent: all that there is. */
  readonly to?: string | undefined;
}

/** Ranges of one channel that are kept apart; with more, what lies between them is read too. */
const RANGES_MAX = 100;

/** With six fraction digits, so that times compare as text. */
function stamp(time: string): string {
  return time.replace(/(?:\.(\d+))?Z$/, (_match, digits: string = "") => `.${digits.padEnd(6, "0")}Z`);
}

function endsBefore({ to }: Range, { from }: Range): boolean {
  return to !== undefined && stamp(to) < stamp(from);
}

export function earliest(a: string, b: string): string {
  return stamp(a) < stamp(b) ? a : b;
}

export function latest(a: string, b: string): string {
  return stamp(a) > stamp(b) ? a : b;
}

/** The smallest range that holds both. */
function hull(a: Range, b: Range): Range {
  const isOpen = a.to === undefined || b.to === undefined;
  return { from: earliest(a.from, b.from), to: isOpen ? undefined : latest(a.to, b.to) };
}

/** Adds a range to others that ascend and do not touch, and are so again. */
export function withRange(ranges: readonly Range[], added: Range): Range[] {
  const before = ranges.filter((range) => endsBefore(range, added));
  const after = ranges.filter((range) => endsBefore(added, range));
  const touched = ranges.filter((range) => !before.includes(range) && !after.includes(range));
  const all = [...before, touched.reduce(hull, added), ...after];
  return all.length > RANGES_MAX ? [all.reduce(hull)] : all;
}
