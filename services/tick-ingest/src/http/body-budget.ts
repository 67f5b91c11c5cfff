import { Problem } from "@fx-ohlc/service-kit";

/** What bodies under way may hold together: four of the largest and more, in a process that has 512 MB. */
const HELD_BYTES_MAX = 48 * 1024 * 1024;
/** So much above that is for small bodies alone: whoever sends one tick does not wait for those who send 50,000. */
const HELD_BY_SMALL_BYTES_MAX = 8 * 1024 * 1024;
const SMALL_BYTES = 16 * 1024;
/**
 * A body that has to be whole arrives at this rate at least, looked at over each time window. A telephone line sends 5 times as
 * much; a sender that is slower, or stands still, holds memory for nothing.
 */
const RATE_MIN_BYTES_PER_S = 8 * 1024;
const WINDOW_S = 10;
/** Where there is no room left, a body that is slower than this gives way to one that comes now. */
const YIELDING_BYTES_PER_S = 64 * 1024;
/** Before that nobody knows how fast it is. */
const UNKNOWN_MS = 1000;
const LOOK_INTERVAL_MS = 1000;

/** A body under way. */
export interface BodyKind {
  /** It is whole before anything is done with it, so it must not take for ever. */
  readonly isPaced: boolean;
  /** Told that it is given up, and why. */
  giveUp(problem: Problem): void;
}

/** What one body holds of the budget. */
export class BodyShare {
  readonly startedMs: number;
  #heldBytes = 0;
  #arrivedBytes = 0;
  #windowBytes = 0;
  #windowEndsMs: number;
  #isClosed = false;

  constructor(
    private readonly budget: BodyBudget,
    readonly kind: BodyKind,
    nowMs: number,
  ) {
    this.startedMs = nowMs;
    this.#windowEndsMs = nowMs + WINDOW_S * 1000;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** So much came, whatever becomes of it. */
  arrived(bytes: number): void {
    this.#arrivedBytes += bytes;
    this.#windowBytes += bytes;
  }

  /** Takes room for so much more. @returns false when there is none */
  hold(bytes: number): boolean {
    if (this.#isClosed || !this.budget.makeRoom(bytes, this)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    if (this.#isClosed) return;
    this.#heldBytes -= bytes;
    this.budget.giveBack(bytes);
  }

  /** The body has ended, or is given up: it holds nothing any more. */
  close(): void {
    this.release(this.#heldBytes);
    this.#isClosed = true;
    this.budget.forget(this);
  }

  /** Since its beginning; without end while that is not long ago. */
  bytesPerS(nowMs: number): number {
    const tookMs = nowMs - this.startedMs;
    return tookMs < UNKNOWN_MS ? Number.POSITIVE_INFINITY : (this.#arrivedBytes * 1000) / tookMs;
  }

  /** Gives the body up when a window of time has ended in which too little came. */
  look(nowMs: number): void {
    if (!this.kind.isPaced || nowMs < this.#windowEndsMs) return;
    if (this.#windowBytes < WINDOW_S * RATE_MIN_BYTES_PER_S) {
      const rule = `a body must come at ${RATE_MIN_BYTES_PER_S / 1024} kB/s at least`;
      this.kind.giveUp(new Problem("request_timeout", `the body took too long to arrive: ${rule}`));
    }
    this.#windowBytes = 0;
    this.#windowEndsMs = nowMs + WINDOW_S * 1000;
  }
}

/**
 * The memory that bodies under way take in a process, whichever route they are for. What comes too slowly to be whole in time is
 * given up (408). Past the budget the slowest of the large ones is given up for one that comes now (503); while none is slow, the
 * one that comes now.
 */
export class BodyBudget {
  readonly #shares = new Set<BodyShare>();
  #heldBytes = 0;
  #looking: NodeJS.Timeout | undefined;

  constructor(
    private readonly bytesMax = HELD_BYTES_MAX,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A body begins. */
  open(kind: BodyKind): BodyShare {
    const share = new BodyShare(this, kind, this.nowMs());
    this.#shares.add(share);
    this.#looking ??= setInterval(() => this.look(), LOOK_INTERVAL_MS).unref();
    return share;
  }

  /** Gives up what comes too slowly. */
  look(): void {
    const nowMs = this.nowMs();
    for (const share of this.#shares) share.look(nowMs);
    if (this.#shares.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** Takes room for a body. @returns false when there is none, whatever gives way */
  makeRoom(bytes: number, share: BodyShare): boolean {
    const isSmall = share.heldBytes + bytes <= SMALL_BYTES;
    const bytesMax = isSmall ? this.bytesMax + HELD_BY_SMALL_BYTES_MAX : this.bytesMax;
    while (this.#heldBytes + bytes > bytesMax) {
      const slowest = this.#slowest(share);
      if (slowest === undefined) return false;
      slowest.close();
      slowest.kind.giveUp(NO_ROOM);
    }
    this.#heldBytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  forget(share: BodyShare): void {
    this.#shares.delete(share);
  }

  /** Of the others that are large. */
  #slowest(newcomer: BodyShare): BodyShare | undefined {
    const nowMs = this.nowMs();
    let slowest: BodyShare | undefined;
    let bytesPerS = YIELDING_BYTES_PER_S;
    for (const share of this.#shares) {
      if (share === newcomer || share.heldBytes <= SMALL_BYTES || share.bytesPerS(nowMs) >= bytesPerS) continue;
      slowest = share;
      bytesPerS = share.bytesPerS(nowMs);
    }
    return slowest;
  }
}

/** Of one process. */
export const BODIES = new BodyBudget();

/** What is said to a body for which there is no room. */
export const NO_ROOM = new Problem("unavailable", "too many large bodies are under way; send this again");
