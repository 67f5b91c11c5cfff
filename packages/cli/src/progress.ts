import { SingleBar } from "cli-progress";
import { duration, grouped, type Terminal } from "./terminal.js";

/** Shows how a command is getting on. */
export interface Progress {
  /**
   * @param count of ticks or bars that this run has dealt with
   * @param position of the last of them, in what the whole is measured by
   * @param noun what they turned out to be
   */
  update(count: number, position: number, noun?: Noun): void;
  /** Says something that may pass; undefined when it has. */
  trouble(text: string | undefined): void;
  stop(): void;
}

/** What is counted. */
export type Noun = "ticks" | "quotes" | "bars";

/** What there is to do. */
export interface Whole {
  /** In bytes, microseconds or whatever positions are measured by. */
  readonly total: number;
  readonly noun: Noun;
}

/** Redraws a second: enough to look alive, and no load. */
const FRAMES_PER_SECOND = 8;

/** A bar with the rate and the time left. */
class Bar implements Progress {
  readonly #bar: SingleBar;
  readonly #startedMs = performance.now();
  readonly #total: number;
  readonly #noun: Noun;
  /** Where a run that goes on from an earlier one begins. */
  #first: number | undefined;

  constructor(display: NodeJS.WritableStream, { total, noun }: Whole) {
    this.#total = total;
    this.#noun = noun;
    const format = `{bar} {percentage}% | {count} {noun} | {rate}/s | {left} left {trouble}`;
    const looks = {
      barsize: 24,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      clearOnComplete: true,
    };
    this.#bar = new SingleBar({ format, stream: display, fps: FRAMES_PER_SECOND, ...looks });
    this.#bar.start(total, 0, { count: "0", noun, rate: "0", left: "…", trouble: "" });
  }

  update(count: number, position: number, noun = this.#noun): void {
    this.#first ??= position;
    const elapsedMs = performance.now() - this.#startedMs;
    const done = position - this.#first;
    const leftMs = (elapsedMs / done) * (this.#total - position);
    const rate = grouped(Math.round((count * 1000) / elapsedMs));
    this.#bar.update(position, { count: grouped(count), noun, rate, left: done === 0 ? "…" : duration(leftMs) });
  }

  trouble(text: string | undefined): void {
    this.#bar.update({ trouble: text === undefined ? "" : `| ${text}` });
  }

  stop(): void {
    this.#bar.stop();
  }
}

/** Nobody is watching, or nobody knows how much there is to come: troubles only, as lines. */
function quiet({ say }: Terminal): Progress {
  return { update: () => {}, trouble: (text) => say(text ?? "going on"), stop: () => {} };
}

/** @param whole undefined when nobody knows how much there is to come */
export function showProgress(terminal: Terminal, whole: Whole | undefined): Progress {
  return terminal.display === undefined || whole === undefined ? quiet(terminal) : new Bar(terminal.display, whole);
}
