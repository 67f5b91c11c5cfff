import { cpuUsage } from "node:process";

const US_PER_SECOND = 1_000_000;

/** Time, and this process's CPU time, since it was started. */
export class Stopwatch {
  readonly #startedMs = performance.now();
  readonly #cpu = cpuUsage();

  /** `generatorCpu` is the share of one core that this process used. */
  read(): { seconds: number; generatorCpu: number } {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const { user, system } = cpuUsage(this.#cpu);
    return { seconds, generatorCpu: (user + system) / US_PER_SECOND / seconds };
  }
}
