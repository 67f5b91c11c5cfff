import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "./eventually.js";
import { diskProblemIn } from "./file-problem.js";
import { GuardedProcess, type ProcessSpec } from "./guarded-process.js";

/** Children of a killed postmaster hold its shared memory until they notice, within a second or two. */
const RECOVERY_TRIES_MAX = 5;
const RECOVERY_PAUSE_MS = 1_000;

export interface ReadyProcessSpec extends ProcessSpec {
  /** Stops what an earlier, killed run left; `true` when there was something. */
  clear?(): Promise<boolean>;
  isReady(process: GuardedProcess): boolean | Promise<boolean>;
  readyTimeoutMs: number;
}

/** A guarded process together with how it is recovered, how one sees that it is ready, and who is told when it dies. */
export class ReadyProcess extends GuardedProcess {
  readonly #spec: ReadyProcessSpec;
  readonly #listeners: ((reason: string) => void)[] = [];

  constructor(spec: ReadyProcessSpec) {
    super(spec);
    this.#spec = spec;
  }

  /**
   * Starts it, also again after its end, and waits until it is ready.
   *
   * @throws Error with the end of its log when it ends first, or is not ready in time
   */
  override async start(): Promise<void> {
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

  /** Calls back, with the reason, whenever it ends without having been asked to. */
  onDeath(listener: (reason: string) => void): void {
    this.#listeners.push(listener);
  }

  async #startOnce(): Promise<void> {
    await super.start();
    const died = this.exit.then((reason): never => {
      const why = diskProblemIn(this.output) ?? reason;
      throw new Error(`${this.name} ended while starting (${why}):\n${this.output}`);
    });
    await Promise.race([this.#untilReady(), died]).catch(async (error: unknown) => {
      await this.kill9();
      throw error;
    });
    died.catch(() => undefined);
  }

  #untilReady(): Promise<boolean> {
    const { readyTimeoutMs, isReady } = this.#spec;
    // Once it has died there is nothing to wait for; the race is lost to `died` anyway.
    const check = async (): Promise<boolean> => this.pid === undefined || isReady(this);
    return eventually(check, { timeoutMs: readyTimeoutMs, what: `${this.name} to be ready` });
  }

  async #reportDeath(): Promise<void> {
    const reason = await this.exit;
    if (this.ending) return;
    for (const listener of this.#listeners) listener(reason);
  }
}
