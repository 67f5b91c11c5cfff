import { setTimeout as delay } from "node:timers/promises";
import type { LoopTurns } from "@fx-ohlc/service-kit";
import { Audience, Member, type Receiver } from "./audience.js";
import { ChannelSet } from "./channel-set.js";
import { FlushSchedule } from "./flush-schedule.js";
import type { Hub } from "./hub.js";
import type { Format, Item } from "./item.js";

/** What becomes of the channels that a client follows. */
export interface ChannelChange {
  /** None that it follows already. */
  readonly joined: ReadonlySet<string>;
  readonly left: ReadonlySet<string>;
}

/** Where the last one went who left an audience for other channels. */
interface Step<I extends Item> {
  readonly change: ChannelChange;
  readonly to: Audience<I>;
  /** Of the audience it went to: only as long as it has that is it where the step leads. */
  readonly revision: number;
}

/** An audience that came to the channels of another one is united with it once it has kept them for so long, ms. */
const SETTLED_MS = 1000;

/**
 * All audiences: one begins with its first member and ends with its last. A channel that a client begins or ends to follow
 * costs as much as that channel, whatever else it follows: the audience of a client alone changes with it. That may make it
 * the equal of another one: they are united when it has been so for a while, and who leaves a common one takes a copy of its
 * channels along; so both of what costs as much as all channels happens once a second at most to a client. Those who leave it the
 * same way, one after the other, go where the first of them went. Audiences are united and end in turns with everything else.
 */
export class Audiences<I extends Item> {
  readonly #all = new Set<Audience<I>>();
  /** By key. */
  readonly #listed = new Map<string, Audience<I>>();
  /** Equals of listed ones, and since when: those that changed last come last. */
  readonly #unlisted = new Map<Audience<I>, number>();
  readonly #steps = new WeakMap<Audience<I>, Step<I>>();
  readonly #schedule = new FlushSchedule(() => this.#flushGathered());
  #gathered: Audience<I>[] = [];
  #afterFlush: ((audiences: number) => void)[] = [];
  #isUniting = false;

  /** @param turns of what nobody waits for */
  constructor(
    private readonly hub: Hub<I>,
    private readonly turns: LoopTurns,
  ) {}

  /** Adds a client to those who follow the same channels. It gets what happens from now on. */
  enter(receiver: Receiver, format: Format, channels: Iterable<string>): Member<I> {
    return new Member(receiver, this.#audienceOf(format, new ChannelSet(channels)));
  }

  /** Takes a client out again, after it has been sent everything that happened before. */
  leave(member: Member<I>): void {
    member.audience.remove(member);
    this.#endIfEmpty(member.audience);
  }

  /** A client follows other channels from now on. */
  change(member: Member<I>, { joined, left }: ChannelChange): void {
    const { audience } = member;
    audience.flush();
    if (joined.size === 0 && left.size === 0) return;
    const { format, channels, members } = audience;
    const change = { joined, left };
    if (channels.size === 0) this.#move(member, this.#audienceOf(format, new ChannelSet(joined)));
    else if (members.size === 1 && this.#stepped(audience, change) === undefined) this.#changeAll(audience, change);
    else this.#move(member, this.#stepped(audience, change) ?? this.#step(audience, change));
  }

  [Symbol.iterator](): Iterator<Audience<I>> {
    return this.#all.values();
  }

  /** Calls back after the next flush with how many audiences it was of; at once with 0 where nothing was gathered. */
  afterFlush(callback: (audiences: number) => void): void {
    if (this.#gathered.length === 0) callback(0);
    else this.#afterFlush.push(callback);
  }

  #changeAll(audience: Audience<I>, change: ChannelChange): void {
    this.#unlist(audience);
    this.hub.leave(audience, change.left);
    this.hub.join(audience, change.joined);
    changed(audience.channels, change);
    audience.revision += 1;
    this.#steps.delete(audience);
    this.#list(audience);
  }

  /** Where the last one went who left an audience by the same change, unless that is somewhere else by now. */
  #stepped(audience: Audience<I>, change: ChannelChange): Audience<I> | undefined {
    const step = this.#steps.get(audience);
    const isThere = step !== undefined && this.#all.has(step.to) && step.to.revision === step.revision;
    return isThere && isSame(step.change, change) ? step.to : undefined;
  }

  #step(audience: Audience<I>, change: ChannelChange): Audience<I> {
    const to = this.#begin(audience.format, changed(audience.channels.copy(), change));
    this.#steps.set(audience, { change, to, revision: to.revision });
    return to;
  }

  #audienceOf(format: Format, channels: ChannelSet): Audience<I> {
    const listed = this.#listed.get(`${format} ${channels.key}`);
    return listed?.channels.equals(channels) === true ? listed : this.#begin(format, channels);
  }

  #begin(format: Format, channels: ChannelSet): Audience<I> {
    const audience = new Audience<I>(format, channels, (gathering) => {
      this.#gathered.push(gathering);
      this.#schedule.request();
    });
    this.#all.add(audience);
    this.#list(audience);
    this.hub.join(audience, channels);
    return audience;
  }

  #move(member: Member<I>, to: Audience<I>): void {
    const from = member.audience;
    member.move(to);
    this.#endIfEmpty(from);
  }

  #endIfEmpty(audience: Audience<I>): void {
    if (audience.members.size > 0) return;
    this.#unlist(audience);
    this.#all.delete(audience);
    // What still comes to it meanwhile it hands on to nobody.
    void this.turns.next().then(() => this.hub.leave(audience, audience.channels));
  }

  #list(audience: Audience<I>): void {
    if (this.#listed.has(audience.key)) {
      this.#unlisted.set(audience, performance.now());
      void this.#unite();
    } else {
      this.#listed.set(audience.key, audience);
    }
  }

  #unlist(audience: Audience<I>): void {
    this.#unlisted.delete(audience);
    if (this.#listed.get(audience.key) === audience) this.#listed.delete(audience.key);
  }

  /** Unites equals, in turns with everything else, until there are none. */
  async #unite(): Promise<void> {
    if (this.#isUniting) return;
    this.#isUniting = true;
    for (let [oldest] = this.#unlisted; oldest !== undefined; [oldest] = this.#unlisted) {
      const [audience, sinceMs] = oldest;
      const waitMs = sinceMs + SETTLED_MS - performance.now();
      await (waitMs > 0 ? delay(waitMs, undefined, { ref: false }) : this.turns.next());
      if (waitMs <= 0 && this.#unlisted.get(audience) === sinceMs) this.#uniteWithEqual(audience);
    }
    this.#isUniting = false;
  }

  #uniteWithEqual(audience: Audience<I>): void {
    this.#unlisted.delete(audience);
    const listed = this.#listed.get(audience.key);
    if (listed === undefined) this.#list(audience);
    if (listed?.channels.equals(audience.channels) !== true) return;
    for (const member of audience.members) this.#move(member, listed);
  }

  #flushGathered(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const audience of gathered) audience.flush();
    const told = this.#afterFlush;
    if (told.length === 0) return;
    this.#afterFlush = [];
    for (const callback of told) callback(gathered.length);
  }
}

function changed(channels: ChannelSet, { joined, left }: ChannelChange): ChannelSet {
  for (const name of left) channels.delete(name);
  for (const name of joined) channels.add(name);
  return channels;
}

function isSame(one: ChannelChange, other: ChannelChange): boolean {
  const isSameSet = (names: ReadonlySet<string>, others: ReadonlySet<string>) =>
    names.size === others.size && [...names].every((name) => others.has(name));
  return isSameSet(one.joined, other.joined) && isSameSet(one.left, other.left);
}
