import type { Offset } from "@fx-ohlc/schemas";

/** Anything with a place in a symbol's stream. */
export interface Sequenced {
  readonly offset: Offset;
}

/** Messages that can never be had any more: what lies between two offsets, or between two epochs. */
export interface Gap {
  /** The last offset delivered before it; undefined when there was none. */
  readonly after: Offset | undefined;
  /** `trimmed`: the stream no longer holds them. `lost`: the stream itself was lost, and how many there were is not known. */
  readonly reason: "trimmed" | "lost";
}

/** What the sequencer answers, in order. */
export type Delivery<M> =
  | { readonly kind: "message"; readonly message: M }
  | { readonly kind: "gap"; readonly gap: Gap };

/** One read of the stream: its newest offset and the entries asked for, both of the same instant. */
export interface History<M> {
  /** Undefined when the stream does not exist. */
  readonly newest: Offset | undefined;
  /** Entries from the sequence asked for on, ascending; perhaps not all of them. */
  readonly entries: readonly M[];
}

/** Messages held while the stream is read. More come from the stream itself, in a further read. */
const HELD_MAX = 1000;

/**
 * Puts the messages of one symbol in order. Pub/sub is quick and may lose messages; the stream has them all, as long as it
 * holds them. What goes out is every message once, in order, or a declared gap.
 *
 * - *unsynced*: the position is not known; messages are held until {@link start} names it.
 * - *following*: a message that continues the position is delivered, an older one is dropped. One that leaves a hole or has
 *   another epoch is held, and leads to reading. So does a reconnection, which may have cost messages that nothing follows.
 * - *reading*: the stream from {@link wantedFrom} on is awaited; messages are held. {@link history} delivers what was missed,
 *   declares what cannot be had, and leads back to following once the position is the stream's newest.
 *
 * A position without an offset means that the symbol has had no message at all: whatever comes first must be sequence 1.
 */
export class Sequencer<M extends Sequenced> {
  #state: "unsynced" | "following" | "reading" = "unsynced";
  #position: Offset | undefined;
  #held: M[] = [];
  /** How many of the held ones were there when the read under way began: it finds them in the stream, or they are gone. */
  #heldAtRead = 0;
  /** The read under way may have begun too early: another one has to follow it. */
  #isReadStale = false;
  /** Nothing was delivered since the last gap: another gap would be the same one. */
  #isInGap = false;
  #isWhole = false;

  /** The last offset delivered or declared lost; undefined before the first message of the symbol. */
  get position(): Offset | undefined {
    return this.#position;
  }

  /** Every message that the symbol ever had was delivered, as far as anybody can know. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The sequence from which the stream has to be read; undefined when nothing is missing. */
  get wantedFrom(): number | undefined {
    return this.#state === "reading" ? (this.#position?.sequence ?? 0) + 1 : undefined;
  }

  /** To be called when a read of the stream begins. Returns {@link wantedFrom}. */
  beginRead(): number | undefined {
    this.#heldAtRead = this.#held.length;
    return this.wantedFrom;
  }

  /** Names the place to go on from: everything up to `position` is of no interest. */
  start(position: Offset | undefined): Delivery<M>[] {
    if (this.#state !== "unsynced") return [];
    this.#position = position;
    this.#isWhole = position === undefined;
    return this.#release();
  }

  /** The stream is another one from now on, and has to be read from its first entry. The caller declares a gap. */
  restart(): void {
    if (this.#state === "unsynced") return;
    this.#isInGap = true;
    this.#isWhole = false;
    this.#position = undefined;
    this.#held = [];
    this.#heldAtRead = 0;
    this.#isReadStale = false;
    this.#state = "reading";
  }

  /** Takes a message from pub/sub. */
  receive(message: M): Delivery<M>[] {
    if (this.#state !== "following") {
      this.#hold(message);
      return [];
    }
    if (this.#continues(message.offset)) return [this.#deliver(message)];
    if (this.#isKnown(message.offset)) return [];
    this.#state = "reading";
    this.#hold(message);
    return [];
  }

  /** The subscription was interrupted: messages may have been missed. */
  reconnected(): void {
    if (this.#state === "following") this.#state = "reading";
    else this.#isReadStale = true;
  }

  /** The answer to the read that {@link beginRead} announced. */
  history({ newest, entries }: History<M>): Delivery<M>[] {
    if (this.#state !== "reading") return [];
    const deliveries: Delivery<M>[] = [];
    const isOtherEpoch = this.#position !== undefined && newest?.epoch !== this.#position.epoch;
    if (isOtherEpoch) this.#leaveEpoch(newest, deliveries);
    else if (newest !== undefined) this.#catchUp(newest, entries, deliveries);
    this.#dropFound(newest, deliveries);
    return this.#isBehind(newest) ? deliveries : deliveries.concat(this.#release());
  }

  /** The new epoch has to be read from its first entry, and this read began where the old one ended. */
  #leaveEpoch(newest: Offset | undefined, deliveries: Delivery<M>[]): void {
    this.#declareGap("lost", deliveries);
    this.#position = newest === undefined ? undefined : { epoch: newest.epoch, sequence: 0 };
  }

  /** Lets go of what was held when the read began. What the stream counted is in it; what it did not is lost. */
  #dropFound(newest: Offset | undefined, deliveries: Delivery<M>[]): void {
    const dropped = this.#held.splice(0, this.#heldAtRead);
    this.#heldAtRead = 0;
    const isFound = ({ offset }: M) => offset.epoch === newest?.epoch && offset.sequence <= newest.sequence;
    if (!dropped.every(isFound)) this.#declareGap("lost", deliveries);
  }

  /** Delivers the entries of a read and declares the holes in it. */
  #catchUp(newest: Offset, entries: readonly M[], deliveries: Delivery<M>[]): void {
    this.#position ??= { epoch: newest.epoch, sequence: 0 };
    for (const entry of entries) {
      if (entry.offset.epoch !== newest.epoch || this.#isKnown(entry.offset)) continue;
      if (!this.#continues(entry.offset)) this.#declareGap("trimmed", deliveries);
      deliveries.push(this.#deliver(entry));
    }
    const { sequence } = this.#position;
    const isNothingLeft = entries.length === 0 && newest.sequence > sequence;
    // Within one epoch a stream never goes back, unless Redis lost its newest part without noticing.
    if (!isNothingLeft && newest.sequence >= sequence) return;
    this.#declareGap(isNothingLeft ? "trimmed" : "lost", deliveries);
    this.#position = newest;
  }

  #isBehind(newest: Offset | undefined): boolean {
    const isStale = this.#isReadStale;
    this.#isReadStale = false;
    return isStale || (newest?.sequence ?? 0) > (this.#position?.sequence ?? 0);
  }

  /** Back to following, with what was held meanwhile. */
  #release(): Delivery<M>[] {
    this.#state = this.#isReadStale ? "reading" : "following";
    this.#isReadStale = false;
    return this.#held.splice(0).flatMap((message) => this.receive(message));
  }

  #hold(message: M): void {
    if (this.#held.length < HELD_MAX) this.#held.push(message);
    else this.#isReadStale = true;
  }

  #deliver(message: M): Delivery<M> {
    this.#position = message.offset;
    this.#isInGap = false;
    return { kind: "message", message };
  }

  #declareGap(reason: Gap["reason"], deliveries: Delivery<M>[]): void {
    if (!this.#isInGap) deliveries.push({ kind: "gap", gap: { after: this.#position, reason } });
    this.#isInGap = true;
    this.#isWhole = false;
  }

  #continues({ epoch, sequence }: Offset): boolean {
    // After the stream was lost, a first message can still be one of an older epoch: only the stream can tell.
    if (this.#position === undefined) return sequence === 1 && !this.#isInGap;
    return epoch === this.#position.epoch && sequence === this.#position.sequence + 1;
  }

  #isKnown({ epoch, sequence }: Offset): boolean {
    return epoch === this.#position?.epoch && sequence <= this.#position.sequence;
  }
}
