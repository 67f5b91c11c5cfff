import { setTimeout as delay } from "node:timers/promises";
import { isNativeError } from "node:util/types";
import type { ReadyProcess } from "@fx-ohlc/embedded";
import { lastLine } from "./node-process.js";

/** A process that died so often in so short a time will not live. */
const DEATHS_MAX = 5;
const DEATHS_WINDOW_MS = 60_000;
/** Between a death and the start after it: a broken program must not keep a core busy. */
const RESTART_PAUSE_MS = 500;

export interface SupervisorOptions {
  /** Says one line to who started the stack. */
  say(line: string): void;
  /** Called once, when a process cannot be kept running. */
  giveUp(reason: string): void;
}

/**
 * Starts again what dies. Every part of the system recovers by itself from the loss of every other, so a death costs the
 * user one line and a moment; only a part that keeps dying ends the stack.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #stopped = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  watch(process: ReadyProcess): void {
    const deaths: number[] = [];
    process.onDeath((reason) => void this.#revive(process, reason, deaths));
  }

  /** From now on a death is nobody's business. */
  stop(): void {
    this.#stopped = true;
  }

  async #revive(process: ReadyProcess, reason: string, deaths: number[]): Promise<void> {
    if (this.#stopped) return;
    const now = performance.now();
    deaths.push(now);
    const recent = deaths.filter((time) => time > now - DEATHS_WINDOW_MS).length;
    if (recent >= DEATHS_MAX) {
      this.#options.giveUp(
        `${process.name} died ${recent} times within a minute (${reason}): ${lastLine(process.output)}`,
      );
      return;
    }
    this.#options.say(`${process.name} died (${reason}); starting it again`);
    await delay(RESTART_PAUSE_MS);
    if (this.#stopped) return;
    try {
      await process.start();
      this.#options.say(`${process.name} is back`);
    } catch (error) {
      await this.#revive(process, isNativeError(error) ? (error.message.split("\n")[0] ?? "") : String(error), deaths);
    }
  }
}
