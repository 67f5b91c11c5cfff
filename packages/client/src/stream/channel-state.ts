import type { ChannelCorrectionMessage, ChannelTicksMessage, GapMessage, RunningBarMessage } from "@fx-ohlc/schemas";
import { type LiveInterval, longestBucketUs } from "@fx-ohlc/schemas/live-interval";
import type { HistoryChannel } from "./channel.js";
import type { ReloadedBarsEvent, ReloadedTicksEvent } from "./events.js";
import type { ChannelMessage } from "./protocol.js";
import { earliest, latest, type Range, withRange } from "./ranges.js";

/** How far a reader has come in a channel: what a later run goes on from. */
export interface Position {
  /** `ticks:` channels: the offset of the last message. */
  readonly offset?: string | undefined;
  /** `ticks:` channels: the latest time of a tick, but never before that of subscribing. */
  readonly time?: string | undefined;
  /** `ohlc:` channels: the bucket of the last final bar, or of the first bar while none was final. */
  readonly bucket?: string | undefined;
  /** What came before that and is still to be read over HTTP, in order. */
  readonly missing?: readonly Range[] | undefined;
}

/** What tells the ticks of a symbol apart. */
type TickId = Pick<ChannelTicksMessage["ticks"][number], "time" | "seq">;

/** Times in UTC with the same number of digits compare as text. */
function later(a: string | undefined, b: string): string {
  return a === undefined || b > a ? b : a;
}

function lastTime(ticks: readonly TickId[], time: string | undefined): string | undefined {
  return ticks.reduce((last, tick) => later(last, tick.time), time);
}

/** @param ms how long before */
export function timeBefore(time: string, ms: number): string {
  return new Date(Date.parse(time) - ms).toISOString();
}

function keyOf({ time, seq }: TickId): string {
  return `${time}/${seq}`;
}

/** Of these a channel holds the last one only: HTTP does not tell the running bar, and an import is not to be read. */
function isConflated(message: ChannelMessage): message is RunningBarMessage | GapMessage {
  return message.type === "bar" || message.type === "gap";
}

function joined(a: GapMessage, b: GapMessage): GapMessage {
  return { ...b, from: earliest(a.from, b.from), to: latest(a.to, b.to) };
}

function rowsOf(message: ChannelMessage): number {
  if (isConflated(message)) return 0;
  return "ticks" in message ? Math.max(1, message.ticks?.length ?? 0) : 1;
}

/** Bars of ticks begin at any instant: the next one a millisecond later, as far as times of reads tell them apart. */
function bucketMaxMs(interval: LiveInterval): number {
  return Math.max(1, longestBucketUs(interval) / 1000);
}

/** The start of a read by bucket that finds the bucket `time` lies in. */
function startOf(channel: HistoryChannel, time: string): string {
  return channel.kind === "ticks" ? time : timeBefore(time, bucketMaxMs(channel.interval));
}

/** Where HTTP has what a message says. */
function rangesOf(channel: HistoryChannel, message: ChannelMessage): Range[] {
  if (message.type === "ticks") {
    const times = message.ticks.map(({ time }) => time).sort();
    return times.slice(0, 1).map((from) => ({ from }));
  }
  if (message.type === "conflated") return [{ from: message.from }];
  if (message.type === "corrected") return [{ from: message.from, to: message.to }];
  if (channel.kind === "ticks" || isConflated(message)) return [];
  const { bucket } = message.bar;
  return [{ from: bucket, to: timeBefore(bucket, -bucketMaxMs(channel.interval)) }];
}

/** The position of a channel when a message has come. */
function noted(position: Omit<Position, "missing">, message: ChannelMessage): Omit<Position, "missing"> {
  switch (message.type) {
    case "ticks":
      return { offset: message.offset, time: lastTime(message.ticks, position.time) };
    case "corrected":
      return { ...position, offset: message.offset };
    case "final":
      return { bucket: later(position.bucket, message.bar.bucket) };
    case "bar":
      return { bucket: position.bucket ?? message.bar.bucket };
    default:
      return position;
  }
}

/** What is known of one channel, but never of one to every symbol. */
export class ChannelState {
  readonly name: string;
  readonly channel: HistoryChannel;
  /** Of the last message, handed out or held back. */
  position: Omit<Position, "missing">;
  /** What is to be read over HTTP, besides {@link reading}. */
  missing: readonly Range[];
  /** What is being asked for over HTTP. */
  reading: Range | undefined;
  #held: ChannelMessage[] = [];
  /** Where HTTP has what is held, and perhaps what was held before it. */
  #heldRanges: readonly Range[] = [];
  #heldRows = 0;
  /** The ticks that were read last, until the next heartbeat: the stream may bring them a moment after HTTP has. */
  #read: ReadonlySet<string> = new Set();
  #readTo = "";

  constructor(name: string, channel: HistoryChannel, { missing = [], ...position }: Position = {}) {
    this.name = name;
    this.channel = channel;
    this.missing = missing;
    this.position = position;
  }

  /**
   * What another stream goes on from: what is held back is missing there.
   *
   * @param unread what was handed out and not taken
   */
  saved(unread: readonly Range[] = []): Position {
    const ranges = [...this.#heldRanges, ...(this.reading === undefined ? [] : [this.reading])];
    for (const { from, to } of unread) ranges.push({ from: startOf(this.channel, from), to });
    const missing = ranges.reduce<readonly Range[]>(withRange, this.missing);
    return missing.length === 0 ? this.position : { ...this.position, missing };
  }

  get isBehind(): boolean {
    return this.missing.length > 0 || this.reading !== undefined || this.#held.length > 0;
  }

  /** All that there is will be read: a connection that cannot be resumed need not begin before what is left of that. */
  get isReadToNow(): boolean {
    return [...this.missing, this.reading].some((range) => range !== undefined && range.to === undefined);
  }

  /** Ticks and bars held back, those that are held once apart. */
  get heldRows(): number {
    return this.#heldRows;
  }

  /** A message moves the position. @returns it without ticks that were read already */
  note(message: ChannelMessage): ChannelMessage {
    this.position = noted(this.position, message);
    return this.#unread(message);
  }

  /** By now the stream has brought what was read before it came. */
  forgetRead(): void {
    this.#read = new Set();
  }

  /** The range is to be read over HTTP, and bars that it begins in. */
  miss({ from, to }: Range): void {
    this.missing = withRange(this.missing, { from: startOf(this.channel, from), to });
  }

  hold(message: ChannelMessage): void {
    const before = isConflated(message) ? this.#held.findIndex(({ type }) => type === message.type) : -1;
    const [replaced] = before === -1 ? [] : this.#held.splice(before, 1);
    this.#held.push(message.type === "gap" && replaced?.type === "gap" ? joined(replaced, message) : message);
    this.#heldRows += rowsOf(message);
    this.#heldRanges = rangesOf(this.channel, message).reduce(withRange, this.#heldRanges);
  }

  /** The message that was held back first, without ticks that were read meanwhile. */
  release(): ChannelMessage | undefined {
    const message = this.#held.shift();
    if (message !== undefined) this.#heldRows -= rowsOf(message);
    if (this.#held.length === 0) this.#heldRanges = [];
    return message;
  }

  /** What is held and HTTP has too is let go, and missing. */
  letGo(): void {
    this.missing = this.#heldRanges.reduce(withRange, this.missing);
    this.#held = this.#held.filter(isConflated);
    this.#heldRanges = [];
    this.#heldRows = 0;
  }

  /** What was read moves the position, and is not told once more. */
  onReloaded(event: ReloadedTicksEvent | ReloadedBarsEvent): void {
    if (event.type === "reloaded-bars") {
      const bucket = event.bars.reduce((last, bar) => later(last, bar.bucket), this.position.bucket);
      this.position = { ...this.position, bucket };
      return;
    }
    this.position = { ...this.position, time: lastTime(event.ticks, this.position.time) };
    this.#read = new Set(event.ticks.map(keyOf));
    this.#readTo = lastTime(event.ticks, undefined) ?? "";
    this.#held = this.#held.map((message) => this.#unread(message));
    this.#heldRows = this.#held.reduce((rows, message) => rows + rowsOf(message), 0);
  }

  /** What is corrected may be stored once more after it: then it is another tick than the one that was read. */
  #forgetCorrected({ from, to }: ChannelCorrectionMessage): void {
    this.#read = new Set([...this.#read].filter((key) => key < from || key >= to));
  }

  #unread(message: ChannelMessage): ChannelMessage {
    if (this.#read.size === 0) return message;
    if (message.type === "corrected") this.#forgetCorrected(message);
    if (message.type !== "ticks") return message;
    const isUnread = (tick: TickId) => tick.time > this.#readTo || !this.#read.has(keyOf(tick));
    return { ...message, ticks: message.ticks.filter(isUnread) };
  }
}
