import { type Channel, channelName, EVERY_SYMBOL, formatOffset, ticksChannel } from "@fx-ohlc/schemas";
import type { Logger, LoopTurns } from "@fx-ohlc/service-kit";
import { CLOSE } from "../connection/close-code.js";
import { type Connection, type ConnectionUse, MESSAGES_BURST } from "../connection/connection.js";
import { Delivery, type DeliveryContext } from "../fanout/delivery.js";
import { packetOf } from "../fanout/packet.js";
import { CatchUp, type CatchUpContext, type Replay } from "../resume/catch-up.js";
import { offsetOf } from "../resume/positions.js";
import { type ResumptionContext, resume } from "../resume/resumption.js";
import { AskedChannels } from "./asked-channels.js";
import { type FirstBars, type Newcomer, sendEveryBar, sendNamedBars } from "./first-bars.js";
import { type FirstStatus, sendStatus } from "./first-status.js";
import type { Followed } from "./followed.js";
import { heartbeat } from "./heartbeat.js";
import { type MultiplexRequest, parseRequest, RequestError, type RequestId } from "./request.js";

/** What a session needs of the gateway. */
export interface SessionContext extends CatchUpContext, DeliveryContext, ResumptionContext {
  readonly bars: FirstBars;
  readonly status: FirstStatus;
  readonly followed: Followed;
  readonly channelsMax: number;
  /** Of all clients. */
  readonly turns: LoopTurns;
  /** Of what is left to do for those who are gone. */
  readonly leavings: LoopTurns;
  readonly logger: Logger;
}

type ChannelRequest = Exclude<MultiplexRequest, { op: "ping" }>;
type Subscribe = Extract<ChannelRequest, { op: "subscribe" }>;

/** What may wait for a request that reads from Redis: as many as may be sent at once, and as much as a hundred of the longest. */
const WAITING_MAX = MESSAGES_BURST;
const WAITING_LENGTH_MAX = 100 * 64 * 1024;
/** An answer names all channels that are followed when they are no more than these, or so many times those it was asked about. */
const ALL_TOLD_MIN = 50;
const ALL_TOLD_FACTOR = 10;
/** Messages that are no requests at all; after that many the client is taken for something else than one of ours. */
const BAD_MESSAGES_MAX = 10;

/** One client of `/ws`: its channels, and its requests, one after the other. */
export class Session implements ConnectionUse {
  readonly #channels: AskedChannels;
  readonly #delivery: Delivery;
  readonly #newcomer: Newcomer;
  #waiting = 0;
  #waitingLength = 0;
  #badMessages = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly connection: Connection,
    private readonly context: SessionContext,
    private readonly whenClosed: () => void,
  ) {
    const { sender, caller } = connection;
    const delivery = new Delivery(connection, context);
    this.#channels = new AskedChannels(caller.symbols);
    this.#delivery = delivery;
    const isLagging = () => delivery.isLagging;
    this.#newcomer = { sender, caller, format: "multiplex", isLagging, flush: () => delivery.flush() };
  }

  onText(text: string): void {
    try {
      const request = parseRequest(text);
      if (request.op === "ping") this.#send({ type: "pong", id: request.id });
      else this.#queue(request, text.length);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#refuse(error);
    }
  }

  onLagging(): void {
    this.#delivery.lag();
  }

  onRead(afterMs: number): void {
    this.#delivery.read(afterMs);
  }

  onClosed(): void {
    this.#delivery.end();
    this.connection.caller.quota?.letGo("channels", this.#channels.size);
    this.whenClosed();
    // A millisecond for the largest: many may leave at once.
    void this.context.leavings.next().then(() => {
      for (const channel of this.#channels) this.context.bars.unwatch(channel);
      this.context.followed.remove(this.connection.address, [...this.#channels]);
    });
  }

  *offsets(): Iterable<readonly [string, string]> {
    for (const { kind, symbol } of this.#channels) {
      if (kind !== "ticks" || symbol === EVERY_SYMBOL) continue;
      yield [ticksChannel(symbol), formatOffset(this.#delivery.resumeAt(symbol))];
    }
  }

  /** Requests that change channels are done one after the other: a replay ends before the next one begins. */
  #queue(request: ChannelRequest, length: number): void {
    if (this.#waiting >= WAITING_MAX || this.#waitingLength + length > WAITING_LENGTH_MAX) {
      this.connection.sender.close(CLOSE.limitExceeded, "too many requests at once");
      return;
    }
    this.#waiting += 1;
    this.#waitingLength += length;
    this.#working = this.#working
      .then(() => this.context.turns.next())
      .then(() => (this.connection.sender.isOpen ? this.#obey(request) : undefined))
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#waiting -= 1;
        this.#waitingLength -= length;
      });
  }

  async #obey(request: ChannelRequest): Promise<void> {
    if (request.op === "unsubscribe") this.#unsubscribe(request.id, request.channels);
    else await this.#subscribe(request);
  }

  #failed(error: unknown): void {
    if (error instanceof RequestError) {
      this.#refuse(error);
      return;
    }
    this.context.logger.error("request failed", { request_id: this.connection.requestId, error });
    this.connection.sender.close(CLOSE.internalError, "");
  }

  #unsubscribe(id: RequestId | undefined, channels: readonly Channel[]): void {
    const { gone, change } = this.#channels.remove(channels);
    for (const channel of gone) this.context.bars.unwatch(channel);
    this.context.followed.remove(this.connection.address, gone);
    this.connection.caller.quota?.letGo("channels", gone.length);
    this.#delivery.change(change);
    this.#send({ type: "unsubscribed", id, channels: channels.map(channelName), all: this.#allIfFew(channels.length) });
  }

  /** All that is followed, unless it is much more than was asked: an answer is not to be a thousand times its question. */
  #allIfFew(askedCount: number): readonly string[] | undefined {
    const toldMax = Math.max(ALL_TOLD_MIN, ALL_TOLD_FACTOR * askedCount);
    return this.#channels.size <= toldMax ? this.#channels.names : undefined;
  }

  async #subscribe({ id, channels, since }: Subscribe): Promise<void> {
    this.#requireVisible(channels, since.keys(), id);
    const added = this.#newOf(channels, id);
    const isTicksNew = (symbol: string) =>
      [ticksChannel(symbol), ticksChannel(EVERY_SYMBOL)].every((name) => !this.#channels.has(name));
    const wanted = [...since].filter(([symbol]) => isTicksNew(symbol));
    const isWanted = () => this.connection.sender.isOpen;
    const found = await Promise.all(wanted.map((from) => resume(...from, this.context, isWanted)));
    const replays = found.filter((replay) => replay !== undefined);
    await this.#holdChannels(added.length, id);
    if (!this.connection.sender.isOpen) return this.connection.caller.quota?.letGo("channels", added.length);
    this.#countFollowed(added, id);
    // From here to the end everything happens in one turn: the offsets told are those the live messages continue.
    const change = this.#channels.add(added);
    for (const channel of added) this.context.bars.watch(channel);
    // What is still gathered for the client comes before the answer.
    this.#delivery.share();
    const all = this.#allIfFew(channels.length);
    this.#send({ type: "subscribed", id, channels: this.#described(channels, replays), all });
    const catchUp = new CatchUp(this.connection.sender, this.context, replays);
    this.#delivery.changeAlone(change, catchUp);
    this.#greet(added);
    await catchUp.run();
    if (!this.connection.sender.isOpen) return;
    this.#delivery.share();
    await sendEveryBar(this.#newcomer, this.context.bars, added, this.context.turns);
  }

  /** What a client has to know at once: the newest bars of what it named, and where all symbols stand. */
  #greet(added: readonly Channel[]): void {
    const { sender } = this.connection;
    const { positions, bars, status } = this.context;
    sendNamedBars(this.#newcomer, bars, added);
    sendStatus(this.#newcomer, status, added);
    const isFollowingAll = added.some(({ kind, symbol }) => kind === "ticks" && symbol === EVERY_SYMBOL);
    if (isFollowingAll) sender.sendPackets([heartbeat(this.#delivery.channels, positions, bars.nowUs())]);
  }

  async #holdChannels(count: number, id: RequestId | undefined): Promise<void> {
    if ((await this.connection.caller.quota?.hold("channels", count)) !== false) return;
    throw new RequestError("too_many_channels", "this token follows as many channels as it may", id);
  }

  /** Takes of what there may be of all clients together. */
  #countFollowed(added: readonly Channel[], id: RequestId | undefined): void {
    const { caller, address } = this.connection;
    const { followed } = this.context;
    const excess = followed.excess(address, added);
    if (excess !== undefined) {
      caller.quota?.letGo("channels", added.length);
      throw new RequestError("too_many_channels", `as many ${excess} are followed as may be: try again later`, id);
    }
    followed.add(address, added);
  }

  /** A wildcard is narrowed to what the client's token covers; what it names has to be covered. */
  #requireVisible(channels: readonly Channel[], resumed: Iterable<string>, id: RequestId | undefined): void {
    const { caller } = this.connection;
    const named = [...channels.map(({ symbol }) => symbol).filter((symbol) => symbol !== EVERY_SYMBOL), ...resumed];
    const hidden = named.find((symbol) => !caller.maySee(symbol));
    if (hidden === undefined) return;
    throw new RequestError("forbidden", `this token may not touch the symbol ${hidden}`, id);
  }

  #newOf(channels: readonly Channel[], id: RequestId | undefined): Channel[] {
    const unique = new Map(channels.map((channel) => [channelName(channel), channel]));
    const added = [...unique].filter(([name]) => !this.#channels.has(name)).map(([, channel]) => channel);
    const { channelsMax } = this.context;
    if (this.#channels.size + added.length > channelsMax) {
      throw new RequestError("too_many_channels", `at most ${channelsMax} channels may be followed`, id);
    }
    return added;
  }

  /** The answer to each channel asked for, and to each symbol resumed below `ticks:*`. */
  #described(channels: readonly Channel[], replays: readonly Replay[]): object[] {
    const names = new Set(channels.map(channelName));
    const asked = channels.map((channel) =>
      channel.kind === "ticks" && channel.symbol !== EVERY_SYMBOL
        ? this.#describedTicks(channel.symbol, replays)
        : { channel: channelName(channel), recovered: false },
    );
    const covered = replays.map(({ symbol }) => symbol).filter((symbol) => !names.has(ticksChannel(symbol)));
    return [...asked, ...covered.map((symbol) => this.#describedTicks(symbol, replays))];
  }

  #describedTicks(symbol: string, replays: readonly Replay[]): object {
    const { positions } = this.context;
    const replay = replays.find((found) => found.symbol === symbol);
    const channel = ticksChannel(symbol);
    if (replay === undefined) return { channel, offset: offsetOf(positions, symbol), recovered: false };
    return { channel, offset: formatOffset(replay.until), recovered: true, replayed: replay.count };
  }

  #refuse({ id, code, message }: RequestError): void {
    this.#send({ type: "error", id, code, message });
    if (code !== "bad_message") return;
    this.#badMessages += 1;
    if (this.#badMessages >= BAD_MESSAGES_MAX) {
      this.connection.sender.close(CLOSE.badMessage, "too many messages that are no requests");
    }
  }

  #send(message: object): void {
    this.connection.sender.sendPackets([packetOf(message)]);
  }
}
