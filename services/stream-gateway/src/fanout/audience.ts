import type { ChannelSet } from "./channel-set.js";
import type { Format, Item, Subscriber } from "./item.js";
import { Bundle, type Packet } from "./packet.js";

/** A client's end of its connection. */
export interface Receiver {
  send(bundle: Bundle): void;
}

/** Gathered bytes that go out without waiting for the flush: a burst must not pile up here. */
const GATHERED_BYTES_MAX = 256 * 1024;

/**
 * Everybody who follows the same channels in the same format. What they get is laid end to end once and written to each; but
 * for those who are apart at the moment, each of whom takes it through a subscriber of its own.
 */
export class Audience<I extends Item> implements Subscriber<I> {
  readonly members = new Set<Member<I>>();
  readonly #sharing = new Set<Member<I>>();
  readonly #apart = new Map<Member<I>, Subscriber<I>>();
  #gathered: Packet[] = [];
  #gatheredBytes = 0;
  /** How often its channels have changed. */
  revision = 0;

  constructor(
    readonly format: Format,
    readonly channels: ChannelSet,
    private readonly onGathered: (audience: Audience<I>) => void,
  ) {}

  /** The same for all who follow the same channels in the same format. */
  get key(): string {
    return `${this.format} ${this.channels.key}`;
  }

  take(item: I): void {
    if (this.#sharing.size > 0) this.add(item.packet(this.format));
    for (const subscriber of this.#apart.values()) subscriber.take(item);
  }

  /** Gathers a packet for everybody who shares. */
  add(packet: Packet): void {
    if (this.#sharing.size === 0) return;
    if (this.#gathered.length === 0) this.onGathered(this);
    this.#gathered.push(packet);
    this.#gatheredBytes += packet.frames.length;
    if (this.#gatheredBytes > GATHERED_BYTES_MAX) this.flush();
  }

  /** Sends what was gathered, now. */
  flush(): void {
    if (this.#gathered.length === 0) return;
    const bundle = new Bundle(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    for (const { receiver } of this.#sharing) receiver.send(bundle);
  }

  /** Puts a member where it belongs. What was gathered before belongs to those who shared before. */
  place(member: Member<I>, apart: Subscriber<I> | undefined): void {
    this.remove(member);
    this.members.add(member);
    if (apart === undefined) this.#sharing.add(member);
    else this.#apart.set(member, apart);
  }

  /** Takes a member out, after it has been sent everything that happened before. */
  remove(member: Member<I>): void {
    this.flush();
    this.members.delete(member);
    this.#sharing.delete(member);
    this.#apart.delete(member);
  }
}

/** One client's place in the audience of its channels. */
export class Member<I extends Item> {
  #audience: Audience<I>;
  #apart: Subscriber<I> | undefined;

  constructor(
    readonly receiver: Receiver,
    audience: Audience<I>,
  ) {
    this.#audience = audience;
    audience.place(this, undefined);
  }

  get audience(): Audience<I> {
    return this.#audience;
  }

  /** Takes what happens from now on with the others, or through a subscriber of its own. */
  take(apart?: Subscriber<I>): void {
    this.#apart = apart;
    this.#audience.place(this, apart);
  }

  /** Goes to another audience, within the turn: nothing is taken in neither or in both. */
  move(audience: Audience<I>): void {
    this.#audience.remove(this);
    this.#audience = audience;
    audience.place(this, this.#apart);
  }

  /** Sends what was gathered for it. */
  flush(): void {
    this.#audience.flush();
  }
}
