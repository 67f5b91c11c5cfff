import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { run } from "../src/program.js";

/** What a command printed and returned. */
export interface Ended {
  readonly exitCode: number;
  readonly out: string[];
  readonly said: string[];
  /** What it wrote to standard output that is no line of text. */
  readonly bytes: Buffer;
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

  async run(options: {
    stateDirectory: string;
    stdin?: string | Buffer;
    environment?: Record<string, string>;
  }): Promise<Ended> {
    const { out, said } = this;
    const blocks: Buffer[] = [];
    const stdout = new Writable({
      write: (block: Buffer, _encoding, done) => {
        blocks.push(block);
        done();
      },
    });
    const exitCode = await run(this.#args, {
      version: "1.2.3",
      terminal: {
        out: (line) => void out.push(line),
        say: (line) => void said.push(line),
        display: undefined,
        screen: undefined,
      },
      signal: this.#interrupt.signal,
      environment: options.environment ?? {},
      stdin: Readable.from([Buffer.from(options.stdin ?? "")]),
      stdout,
      stateDirectory: options.stateDirectory,
    });
    return { exitCode, out, said, bytes: Buffer.concat(blocks) };
  }
}

/** A directory of the test's own. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "fx-ticks-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
