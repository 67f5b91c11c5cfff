import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "./eventually.js";
import { diskProblemIn } from "./file-problem.js";
import type { GuardedProcess } from "./guarded-process.js";

/** Children of a killed postmaster hold its shared memory until they notice, within a second or two. */
const RECOVERY_TRIES_MAX = 5;
const RECOVERY_PAUSE_MS = 1_000;

export interface ReadyProcessSpec {
  process: GuardedProcess;
  /** Stops what an earlier, killed run left; `true` when there was something. */
  clear?(): Promise<boolean>;
  isReady(): boolean | Promise<boolean>;
  readyTimeoutMs: number;
}

/** A guarded process together with how it is recovered, how one sees that it is ready, and who is told when it dies. */
export class ReadyProcess {
  readonly #spec: ReadyProcessSpec;
  readonly #listeners: ((reason: string) => void)[] = [];

  constructor(spec: ReadyProcessSpec) {
    this.#spec = spec;
  }

  get name(): string {
    return this.#spec.process.name;
  }

  /** The process id, or `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.#spec.process.pid;
  }

  /** The last lines of its log. */
  get output(): string {
    return this.#spec.process.output;
  }

  /**
   * Starts it, also again after its end, and waits until it is ready.
   *
   * @throws Error with the end of its log when it ends first, or is not ready in time
   */
  async start(): Promise<void> {
    const recovering = await this.#spec.clear?.();
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

  /** Ends it in order, by a deadline. */
  stop(): Promise<void> {
    return this.#spec.process.stop();
  }

  /** Kills it and all its children with SIGKILL. */
  kill9(): Promise<void> {
    return this.#spec.process.kill9();
  }

  /** Stops all its processes where they stand (SIGSTOP): connections stay open and nothing answers. */
  freeze(): void {
    this.#spec.process.freeze();
  }

  /** Ends a freeze. */
  thaw(): void {
    this.#spec.process.thaw();
  }

  /** Calls back, with the reason, whenever it ends without having been asked to. */
  onDeath(listener: (reason: string) => void): void {
    this.#listeners.push(listener);
  }

  async #startOnce(): Promise<void> {
    const { process } = this.#spec;
    await process.start();
    const died = process.exit.then((reason): never => {
      const why = diskProblemIn(process.output) ?? reason;
      throw new Error(`${process.name} ended while starting (${why}):\n${process.output}`);
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
      return isReady();
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
