import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";

const MODULE = new URL("./moved-clock.mjs", import.meta.url);

/** The wall clock of the services that are started with its `env`: right at first, and moved whenever a test says so. */
export class ShiftedClock {
  readonly #folder = mkdtempSync(join(tmpdir(), "fx-clock-"));
  readonly #file = join(this.#folder, "offset-ms");

  constructor(offsetMs = 0) {
    this.set(offsetMs);
  }

  /** For a service's start. */
  get env(): Record<string, string> {
    const { NODE_OPTIONS: others = "" } = env;
    return { NODE_OPTIONS: `${others} --import=${MODULE.href}`, FX_TEST_CLOCK_FILE: this.#file };
  }

  /** From two milliseconds later on the clock differs by this much from the machine's, ahead of it when positive. */
  set(offsetMs: number): void {
    // A reader sees the old offset or the new one, never half of it.
    writeFileSync(`${this.#file}.new`, String(offsetMs));
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** Once every service that has it is stopped. */
  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
