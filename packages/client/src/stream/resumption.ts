import type { ChannelCorrectionMessage, GapMessage, HeartbeatMessage, SubscribedChannel } from "@fx-ohlc/schemas";
import { formatTime } from "@fx-ohlc/schemas/time";
import { covers, parseChannel } from "./channel.js";
import { ChannelState, type Position, timeBefore } from "./channel-state.js";
import type { CorrectedTicksEvent, StreamEvent } from "./events.js";
import { type HistoryReader, type Page, readPage } from "./history.js";
import { type ChannelMessage, isChannelMessage, type ServerMessage } from "./protocol.js";
import { type Range, withRange } from "./ranges.js";
import type { Unread } from "./unread.js";

/** Where events go. */
export interface ResumptionTarget {
  emit(event: StreamEvent): void;
  /** False while the reader is far behind, and when the stream is closed. */
  takesMore(): boolean;
  /** Whether a channel is one of those subscribed to. */
  follows(channel: string): boolean;
}

/**
 * Ticks may be committed in another order than that of their times: a reload begins this long before the last one. Ticks
 * of longer ago that were stored meanwhile are not found this way; reading all of history again would be no answer.
 */
const RELOAD_MARGIN_MS = 60_000;

/** Old ticks of a longer time are an import: reading them again would hold up what is live. */
const LATE_RELOAD_MAX_MS = 3_600_000;

/** Rows held back in all channels: some seconds of a busy market, and a few megabytes. */
const HELD_ROWS_MAX = 10_000;

/** A gap of old ticks that somebody imports: its reader is told, and reads them if it wants them. */
function isImport(message: ChannelMessage): message is GapMessage {
  if (message.type !== "gap" || message.late !== true) return false;
  return Date.parse(message.to) - Date.parse(message.from) > LATE_RELOAD_MAX_MS;
}

/** What a message does not tell, and HTTP does. */
function isToBeRead(message: ChannelMessage): message is GapMessage | ChannelCorrectionMessage {
  if (message.type === "corrected") return message.ticks === undefined;
  return message.type === "gap" && !isImport(message);
}

/** What readers are told as it came. */
function isTold(message: ChannelMessage): message is Extract<ChannelMessage, StreamEvent> | CorrectedTicksEvent {
  if (message.type === "corrected") return message.ticks !== undefined;
  // All of its ticks may have been read over HTTP.
  return message.type !== "ticks" || message.ticks.length > 0;
}

/**
 * Everything about going on where a reader is: the positions, what a connection could not give, and what waits meanwhile.
 *
 * A channel is *live*: its messages are handed out as they come. Or it is *behind*: ranges are missing, messages are held
 * back, or both. It falls behind when the server cannot resume it, declares a gap, or sends more than the reader takes. Then
 * what is missing is read over HTTP, a page whenever the reader takes more, what is held follows, and with nothing left the
 * channel is live again. Messages for which there is no room become missing ranges themselves. All of this outlives a
 * connection: what was read is not read again because one was lost, and the page that was being asked for is asked for again.
 */
export class Resumption {
  readonly #channels = new Map<string, ChannelState>();
  /** Those that are behind; the one that was served last comes last. */
  readonly #behind = new Set<ChannelState>();
  #isCatchingUp = false;
  /** Aborted with the connection; undefined while there is none. */
  #connected: AbortController | undefined;
  /** When the stream was lost; undefined once the server has said again where every symbol stands. */
  #lostAt: string | undefined;
  /** The server's clock minus `performance.now()`, since the first heartbeat: this machine's may be hours ahead. */
  #serverAheadMs: number | undefined;

  constructor(
    private readonly history: HistoryReader,
    positions: Readonly<Record<string, Position>>,
    private readonly target: ResumptionTarget,
  ) {
    for (const [name, position] of Object.entries(positions)) {
      const state = this.#add(name, position);
      if (state?.isBehind) this.#behind.add(state);
    }
  }

  /** @param unread what the reader was handed and has not taken */
  positions({ from, corrected }: Pick<Unread, "from" | "corrected">): Record<string, Position> {
    const saved = [...this.#channels].map(([name, state]): [string, Position] => {
      const start = from.get(name);
      const all = [...(start === undefined ? [] : [{ from: start }]), ...(corrected.get(name) ?? [])];
      return [name, state.saved(all)];
    });
    return Object.fromEntries(saved);
  }

  /** The `since` of a subscribe request: the offsets of every `ticks:` channel that the subscriptions cover. */
  since(subscriptions: readonly string[]): Record<string, string> {
    const since: Record<string, string> = {};
    for (const [name, { position }] of this.#channels) {
      const isCovered = subscriptions.some((subscription) => covers(subscription, name));
      if (position.offset !== undefined && isCovered) since[name] = position.offset;
    }
    return since;
  }

  /** Forgets what no subscription covers any more. */
  forgetUnfollowed(): void {
    for (const [name, state] of this.#channels) {
      if (this.target.follows(name)) continue;
      this.#channels.delete(name);
      this.#behind.delete(state);
    }
  }

  /** The server has taken the subscription. */
  onSubscribed(entries: readonly SubscribedChannel[]): void {
    this.#connected ??= new AbortController();
    const recovered = new Set(entries.filter((entry) => entry.recovered === true).map(({ channel }) => channel));
    for (const { channel, offset } of entries) {
      if (recovered.has(channel)) continue;
      const covered = [...this.#channels.values()].filter(({ name }) => covers(channel, name) && !recovered.has(name));
      for (const state of covered) this.#missSince(state);
      const state = this.#stateOf(channel);
      // The stream goes on there, also for the next connection: what came before is missing, or of no concern.
      if (offset !== undefined && state?.channel.kind === "ticks")
        state.position = { offset, time: state.position.time ?? this.#timeNow() };
    }
    void this.catchUp();
  }

  onMessage(message: ServerMessage): void {
    if (this.#connected === undefined) return;
    if (message.type === "heartbeat") this.#onHeartbeat(message);
    else if (message.type === "error") this.target.emit(message);
    else if (isChannelMessage(message)) this.#onChannelMessage(message);
  }

  onLost(): void {
    if (this.#connected !== undefined) this.#lostAt ??= this.#timeNow();
    this.#connected?.abort();
    this.#connected = undefined;
  }

  /** Serves the channels that are behind, one after the other, as long as the reader takes more. */
  async catchUp(): Promise<void> {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    for (let state = this.#nextBehind(); state !== undefined; state = this.#nextBehind()) {
      const [range] = state.missing;
      if (range === undefined || this.#connected === undefined) this.#release(state);
      else await this.#read(state, range, this.#connected.signal);
      this.#behind.delete(state);
      if (this.#channels.get(state.name) === state && state.isBehind) this.#behind.add(state);
    }
    this.#isCatchingUp = false;
  }

  #nextBehind(): ChannelState | undefined {
    if (!this.target.takesMore()) return undefined;
    for (const state of this.#behind) {
      if (state.missing.length === 0 || this.#connected !== undefined) return state;
    }
    return undefined;
  }

  async #read(state: ChannelState, range: Range, signal: AbortSignal): Promise<void> {
    state.missing = state.missing.slice(1);
    state.reading = range;
    try {
      const page = await readPage(this.history, state.name, state.channel, range, signal);
      if (signal.aborted) throw signal.reason;
      this.#onPage(state, page);
    } catch (error) {
      state.reading = undefined;
      if (signal.aborted) state.missing = withRange(state.missing, range);
      else this.#onFailed(state, range, error);
    }
  }

  /** What is not in it is missing from its end on, also what has come meanwhile and did not fit. */
  #onPage(state: ChannelState, { event, rest }: Page): void {
    state.reading = undefined;
    if (rest !== undefined) state.missing = withRange(state.missing, rest);
    if (event === undefined || this.#channels.get(state.name) !== state) return;
    state.onReloaded(event);
    this.target.emit(event);
  }

  #onFailed({ name }: ChannelState, { from, to = this.#timeNow() }: Range, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.target.emit({ type: "gap", channel: name, from, to, reason });
  }

  #release(state: ChannelState): void {
    while (this.target.takesMore()) {
      const message = state.release();
      if (message === undefined) return;
      this.#emit(message);
    }
  }

  #emit(message: ChannelMessage): void {
    if (isTold(message)) this.target.emit(message);
  }

  #onChannelMessage(told: ChannelMessage): void {
    const state = this.#stateOf(told.channel);
    if (state === undefined) return;
    if ("offset" in told && state.position.offset === undefined) this.#missNew(state);
    const message = state.note(told);
    if (isToBeRead(message)) this.#miss(state, message);
    else if (state.isBehind || !this.target.takesMore()) this.#hold(state, message);
    else this.#emit(message);
    if (state.isBehind) void this.catchUp();
  }

  #hold(state: ChannelState, message: ChannelMessage): void {
    state.hold(message);
    this.#behind.add(state);
    const rows = [...this.#behind].reduce((sum, { heldRows }) => sum + heldRows, 0);
    if (rows > HELD_ROWS_MAX) for (const each of this.#behind) each.letGo();
  }

  #miss(state: ChannelState, range: Range): void {
    state.miss(range);
    this.#behind.add(state);
  }

  /** The server could not resume the channel. */
  #missSince(state: ChannelState): void {
    const { time, bucket } = state.position;
    if (bucket !== undefined) this.#miss(state, { from: bucket });
    if (time === undefined) return;
    this.#miss(state, { from: timeBefore(time, RELOAD_MARGIN_MS) });
    const now = this.#timeNow();
    if (this.#serverAheadMs !== undefined && now > time) state.position = { ...state.position, time: now };
  }

  /** A symbol that is met for the first time after an outage may have begun within it. */
  #missNew(state: ChannelState): void {
    if (this.#lostAt !== undefined) this.#miss(state, { from: timeBefore(this.#lostAt, RELOAD_MARGIN_MS) });
  }

  /** Followers of every symbol are told where each one stands, at once and every 10 s: how a new symbol is met. */
  #onHeartbeat({ offsets, time }: HeartbeatMessage): void {
    for (const [name, offset] of Object.entries(offsets)) {
      const state = this.#stateOf(name);
      if (state === undefined || state.position.offset !== undefined) continue;
      this.#missNew(state);
      state.position = { offset, time };
    }
    for (const state of this.#channels.values()) {
      state.forgetRead();
      const { position, isReadToNow } = state;
      // No position is ahead of the server's clock: what this machine's, or a producer's, made of it would leave out ticks.
      const isMoved = position.time !== undefined && (position.time > time || isReadToNow);
      if (isMoved) state.position = { ...position, time };
    }
    this.#serverAheadMs = Date.parse(time) - performance.now();
    this.#lostAt = undefined;
    void this.catchUp();
  }

  /** With the digits of a tick's time, with which it is compared. */
  #timeNow(): string {
    const ms = this.#serverAheadMs === undefined ? Date.now() : performance.now() + this.#serverAheadMs;
    return formatTime(Math.floor(ms) * 1000);
  }

  #stateOf(name: string): ChannelState | undefined {
    return this.#channels.get(name) ?? (this.target.follows(name) ? this.#add(name) : undefined);
  }

  #add(name: string, position?: Position): ChannelState | undefined {
    const channel = parseChannel(name);
    if (channel === undefined || channel.kind === "status" || channel.symbol === "*") return undefined;
    const state = new ChannelState(name, channel, position);
    this.#channels.set(name, state);
    return state;
  }
}
