import { FlushSchedule } from "./flush-schedule.js";
import type { Hub } from "./hub.js";
import type { Format, Item, Subscriber } from "./item.js";
import { Bundle, type Packet } from "./packet.js";

/** A client's end of its connection. */
export interface Receiver {
  send(bundle: Bundle): void;
}

/** Gathered bytes that go out without waiting for the flush: a burst must not pile up here. */
const GATHERED_BYTES_MAX = 256 * 1024;

/** Everybody who follows the same channels in the same format. What they get is laid end to end once and written to each. */
export class Audience<I extends Item> implements Subscriber<I> {
  readonly members = new Set<Receiver>();
  #gathered: Packet[] = [];
  #gatheredBytes = 0;

  constructor(
    readonly key: string,
    readonly format: Format,
    readonly channels: ReadonlySet<string>,
    private readonly onGathered: (audience: Audience<I>) => void,
  ) {}

  take(item: I): void {
    this.add(item.packet(this.format));
  }

  /** Gathers a packet for every member. */
  add(packet: Packet): void {
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
    for (const member of this.members) member.send(bundle);
  }
}

/** All audiences: a client is put into the one for its channels, which begins with its first member and ends with its last. */
export class Audiences<I extends Item> {
  readonly #audiences = new Map<string, Audience<I>>();
  readonly #schedule = new FlushSchedule(() => this.#flushGathered());
  #gathered: Audience<I>[] = [];

  constructor(private readonly hub: Hub<I>) {}

  /** Adds a client to those who follow the same channels. It gets what happens from now on. */
  enter(receiver: Receiver, format: Format, channels: ReadonlySet<string>): Audience<I> {
    const key = `${format} ${[...channels].sort().join(" ")}`;
    const audience = this.#audiences.get(key) ?? this.#begin(key, format, channels);
    // What was gathered before belongs to those who were there before.
    audience.flush();
    audience.members.add(receiver);
    return audience;
  }

  /** Takes a client out again, after it has been sent everything that happened before. */
  leave(receiver: Receiver, audience: Audience<I>): void {
    audience.flush();
    audience.members.delete(receiver);
    if (audience.members.size > 0) return;
    this.hub.leave(audience, audience.channels);
    this.#audiences.delete(audience.key);
  }

  [Symbol.iterator](): Iterator<Audience<I>> {
    return this.#audiences.values();
  }

  #begin(key: string, format: Format, channels: ReadonlySet<string>): Audience<I> {
    const audience = new Audience<I>(key, format, channels, (gathering) => {
      this.#gathered.push(gathering);
      this.#schedule.request();
    });
    this.#audiences.set(key, audience);
    this.hub.join(audience, channels);
    return audience;
  }

  #flushGathered(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const audience of gathered) audience.flush();
  }
}
