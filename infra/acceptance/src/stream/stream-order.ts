import { type Offset, parseOffset } from "@fx-ohlc/schemas";

/** A tick at its place in a symbol's stream. */
export interface Entry {
  readonly tick: number;
  /** The place of its message. */
  readonly place: number;
}

/** Sequences count far below this in any epoch, and places stay exact integers for 9,000 epochs. */
const EPOCH_STRIDE = 1e12;

/**
 * One symbol's messages in the order of its stream, put together from everybody who saw some of them. Epochs follow each other in
 * the order in which they were first seen.
 */
export class StreamOrder {
  readonly #epochs: string[] = [];
  readonly #messages = new Map<number, readonly number[]>();

  /** Notes a whole message: its ticks, or none for a revision. */
  note(offset: string, ticks: readonly number[]): void {
    const place = this.#placeOf(offset, true);
    const known = this.#messages.get(place);
    if (known === undefined) this.#messages.set(place, ticks);
    else if (known.join() !== ticks.join()) throw new Error(`two messages at ${offset}: ${known} and ${ticks}`);
  }

  /** Where an offset lies; before everything when its epoch was never seen. */
  placeOf(offset: string): number {
    return this.#placeOf(offset, false);
  }

  /** Whether every message of the places (after, upTo], which are of one epoch, was seen. */
  isWholeBetween(after: number, upTo: number): boolean {
    if (Math.floor(after / EPOCH_STRIDE) !== Math.floor(upTo / EPOCH_STRIDE)) return false;
    for (let place = after + 1; place <= upTo; place += 1) if (!this.#messages.has(place)) return false;
    return true;
  }

  get epochs(): number {
    return this.#epochs.length;
  }

  /** Every tick that was seen, in order. */
  entries(): Entry[] {
    const places = [...this.#messages.keys()].sort((a, b) => a - b);
    return places.flatMap((place) => (this.#messages.get(place) ?? []).map((tick) => ({ tick, place })));
  }

  #placeOf(text: string, isSeen: boolean): number {
    const offset: Offset | undefined = parseOffset(text);
    if (offset === undefined) throw new Error(`${text} is no offset`);
    const known = this.#epochs.indexOf(offset.epoch);
    if (known >= 0) return (known + 1) * EPOCH_STRIDE + offset.sequence;
    if (!isSeen) return 0;
    this.#epochs.push(offset.epoch);
    return this.#epochs.length * EPOCH_STRIDE + offset.sequence;
  }
}
