/** A reader may pause for so long, and what it takes is looked at over as long: who looks through what he has got reads on after that. */
const PACE_MS = 60_000;
/** Below this a reader is slow: bodies that come slower give way, too. */
const BYTES_MIN_PER_S = 64 * 1024;
/** A minute has some twelve marks. */
const MARK_INTERVAL_MS = 5000;

/** How much had been taken at a time. */
interface Mark {
  readonly atMs: number;
  readonly bytes: number;
}

/** How fast a reader takes its answer. */
export class ReadingPace {
  #last: Mark;
  /** The first lies as far back as is looked. */
  readonly #marks: Mark[];

  constructor(readonly startedMs: number) {
    this.#last = { atMs: startedMs, bytes: 0 };
    this.#marks = [this.#last];
  }

  /** So much more was taken. */
  note(bytes: number, nowMs: number): void {
    this.#last = { atMs: nowMs, bytes: this.#last.bytes + bytes };
    if (nowMs - (this.#marks.at(-1)?.atMs ?? 0) >= MARK_INTERVAL_MS) this.#marks.push(this.#last);
  }

  /** Over about the last minute. */
  bytesPerS(nowMs: number): number {
    const { atMs, bytes } = this.#since(nowMs);
    return ((this.#last.bytes - bytes) * 1000) / Math.max(1, nowMs - atMs);
  }

  /** Whether it was slow for a minute, or took nothing: before that nobody knows, for megabytes lie in the buffers on the way. */
  isSlow(nowMs: number): boolean {
    const isPaused = nowMs - this.#last.atMs >= PACE_MS;
    const isKnown = nowMs - this.#since(nowMs).atMs >= PACE_MS;
    return isPaused || (isKnown && this.bytesPerS(nowMs) < BYTES_MIN_PER_S);
  }

  #since(nowMs: number): Mark {
    while (nowMs - (this.#marks[1]?.atMs ?? nowMs) >= PACE_MS) this.#marks.shift();
    return this.#marks[0] ?? this.#last;
  }
}
