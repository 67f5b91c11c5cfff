import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "./eventually.js";
import type { GuardedProcess } from "./guarded-process.js";
import type { ServerHandle } from "./server-handle.js";

/** Children of a killed postmaster hold its shared memory until they notice, within a second or two. */
const RECOVERY_TRIES_MAX = 5;
const RECOVERY_PAUSE_MS = 1_000;

export interface RunningServerSpec {
  url: string;
  port: number;
  dataFolder: string;
  process: GuardedProcess;
  /** Stops what an earlier, killed run left; `true` when there was something. */
  clear(): Promise<boolean>;
  isReady(pid: number): boolean | Promise<boolean>;
  readyTimeoutMs: number;
}

/** A guarded server process together with how it is recovered and how one sees that it is ready. */
export class RunningServer implements ServerHandle {
  readonly #spec: RunningServerSpec;
  readonly #listeners: ((reason: string) => void)[] = [];

  constructor(spec: RunningServerSpec) {
    this.#spec = spec;
  }

  get url(): string {
    return this.#spec.url;
  }

  get port(): number {
    return this.#spec.port;
  }

  get dataFolder(): string {
    return this.#spec.dataFolder;
  }

  get pid(): number | undefined {
    return this.#spec.process.pid;
  }

  async start(): Promise<void> {
    const recovering = await this.#spec.clear();
    for (let triesLeft = recovering ? RECOVERY_TRIES_MAX : 1; ; triesLeft -= 1) {
      try {
        await this.#startOnce();
        break;
      } catch (error) {
        if (triesLeft === 1) throw error;
        await delay(RECOVERY_PAUSE_MS);
      }
    }
    void this.#reportDeath();
  }

  stop(): Promise<void> {
    return this.#spec.process.stop();
  }

  kill9(): Promise<void> {
    return this.#spec.process.kill9();
  }

  freeze(): void {
    this.#spec.process.freeze();
  }

  thaw(): void {
    this.#spec.process.thaw();
  }

  onDeath(listener: (reason: string) => void): void {
    this.#listeners.push(listener);
  }

  async #startOnce(): Promise<void> {
    const { process } = this.#spec;
    await process.start();
    const died = process.exit.then((reason): never => {
      throw new Error(`${process.name} ended while starting (${reason}):\n${process.output}`);
    });
    await Promise.race([this.#untilReady(), died]).catch(async (error: unknown) => {
      await process.kill9();
      throw error;
    });
    died.catch(() => undefined);
  }

  #untilReady(): Promise<boolean> {
    const { process, readyTimeoutMs, isReady } = this.#spec;
    const check = async (): Promise<boolean> => {
      // Once it has died there is nothing to wait for; the race is lost to `died` anyway.
      if (process.pid === undefined) return true;
      return isReady(process.pid);
    };
    return eventually(check, { timeoutMs: readyTimeoutMs, what: `${process.name} to be ready` });
  }

  async #reportDeath(): Promise<void> {
    const { process } = this.#spec;
    const reason = await process.exit;
    if (process.ending) return;
    for (const listener of this.#listeners) listener(reason);
  }
}
