import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { run } from "../src/program.js";

/** What a command printed and returned. */
export interface Ended {
  readonly exitCode: number;
  readonly out: string[];
  readonly said: string[];
}

/** Runs fx-ticks inside the test's process, in a terminal that the test reads. */
export class Command {
  readonly out: string[] = [];
  readonly said: string[] = [];
  readonly #interrupt = new AbortController();
  readonly #args: string[];

  constructor(...args: string[]) {
    this.#args = args;
  }

  /** As Ctrl-C does. */
  interrupt(): void {
    this.#interrupt.abort(new Error("interrupted by the test"));
  }

  async run(options: { stateDirectory: string; stdin?: string | Buffer }): Promise<Ended> {
    const { out, said } = this;
    const exitCode = await run(this.#args, {
      terminal: {
        out: (line) => void out.push(line),
        say: (line) => void said.push(line),
        display: undefined,
        screen: undefined,
      },
      signal: this.#interrupt.signal,
      stdin: Readable.from([Buffer.from(options.stdin ?? "")]),
      stateDirectory: options.stateDirectory,
    });
    return { exitCode, out, said };
  }
}

/** A directory of the test's own. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "fx-ticks-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
