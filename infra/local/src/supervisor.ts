import { setTimeout as delay } from "node:timers/promises";
import { isNativeError } from "node:util/types";
import type { ReadyProcess } from "@fx-ohlc/embedded";
import { lastLine } from "./node-process.js";

/** Between a death and the start after it: twice as long after each, so that a broken program does not keep a core busy. */
const RESTART_PAUSE_MS = 500;
const RESTART_PAUSE_MAX_MS = 60_000;
/** What has run for so long has recovered. */
const RECOVERED_AFTER_MS = 60_000;

export interface SupervisorOptions {
  /** Says one line to who started the stack. */
  say(line: string): void;
  /** Waits between a death and the start after it; real time when absent. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/**
 * Starts again what dies. Every part of the system recovers by itself from the loss of every other, so a death costs the
 * user one line and a moment. A part that keeps dying is started ever less often, and the others go on without it.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #stopped = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  watch(process: ReadyProcess): void {
    const history: History = { deaths: 0, startedMs: performance.now() };
    process.onDeath((reason) => void this.#revive(process, reason, history));
  }

  /** From now on a death is nobody's business. */
  stop(): void {
    this.#stopped = true;
  }

  async #revive(process: ReadyProcess, reason: string, history: History): Promise<void> {
    if (this.#stopped) return;
    const { say, pause = delay } = this.#options;
    if (performance.now() - history.startedMs >= RECOVERED_AFTER_MS) history.deaths = 0;
    const pauseMs = Math.min(RESTART_PAUSE_MAX_MS, RESTART_PAUSE_MS * 2 ** history.deaths);
    history.deaths += 1;
    const again = pauseMs === RESTART_PAUSE_MS ? "" : ` in ${pauseMs / 1000} s, after ${history.deaths} deaths`;
    const said = again === "" ? "" : `: ${lastLine(process.output)}`;
    say(`${process.name} died (${reason})${said}; starting it again${again}`);
    await pause(pauseMs);
    if (this.#stopped) return;
    history.startedMs = performance.now();
    try {
      await process.start();
      if (!this.#stopped) say(`${process.name} is back`);
    } catch (error) {
      await this.#revive(process, isNativeError(error) ? (error.message.split("\n")[0] ?? "") : String(error), history);
    }
  }
}

/** Of one process. */
interface History {
  /** Since it last ran for long. */
  deaths: number;
  startedMs: number;
}
