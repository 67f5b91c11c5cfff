import { SingleBar } from "cli-progress";
import { duration, grouped, type Terminal } from "../terminal.js";

/** Shows how an import is getting on. */
export interface Progress {
  /**
   * @param ticks acknowledged in this run
   * @param bytes of the file read for them
   */
  update(ticks: number, bytes: number): void;
  /** Says something that may pass; undefined when it has. */
  trouble(text: string | undefined): void;
  stop(): void;
}

/** Redraws a second: enough to look alive, and no load. */
const FRAMES_PER_SECOND = 8;

/** A bar with the rate and the time left. */
class Bar implements Progress {
  readonly #bar: SingleBar;
  readonly #startedMs = performance.now();
  readonly #bytesTotal: number;
  /** Where a run that goes on from an earlier one begins. */
  #bytesFirst: number | undefined;

  constructor(display: NodeJS.WritableStream, bytesTotal: number) {
    this.#bytesTotal = bytesTotal;
    const format = "{bar} {percentage}% | {ticks} ticks | {rate}/s | {left} left {trouble}";
    const looks = {
      barsize: 24,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      clearOnComplete: true,
    };
    this.#bar = new SingleBar({ format, stream: display, fps: FRAMES_PER_SECOND, ...looks });
    this.#bar.start(bytesTotal, 0, { ticks: "0", rate: "0", left: "…", trouble: "" });
  }

  update(ticks: number, bytes: number): void {
    this.#bytesFirst ??= bytes;
    const elapsedMs = performance.now() - this.#startedMs;
    const bytesDone = bytes - this.#bytesFirst;
    const leftMs = (elapsedMs / bytesDone) * (this.#bytesTotal - bytes);
    const rate = grouped(Math.round((ticks * 1000) / elapsedMs));
    this.#bar.update(bytes, { ticks: grouped(ticks), rate, left: bytesDone === 0 ? "…" : duration(leftMs) });
  }

  trouble(text: string | undefined): void {
    this.#bar.update({ trouble: text === undefined ? "" : `| ${text}` });
  }

  stop(): void {
    this.#bar.stop();
  }
}

/** Nobody is watching, or nobody knows how much there is to come: troubles only, as lines. */
class Quiet implements Progress {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  update(): void {}

  trouble(text: string | undefined): void {
    this.#terminal.say(text ?? "going on");
  }

  stop(): void {}
}

/** @param bytesTotal the file's size; undefined for a pipe */
export function showProgress(terminal: Terminal, bytesTotal: number | undefined): Progress {
  return terminal.display === undefined || bytesTotal === undefined
    ? new Quiet(terminal)
    : new Bar(terminal.display, bytesTotal);
}
