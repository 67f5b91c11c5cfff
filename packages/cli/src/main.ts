import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "./program.js";

// Others see the command line of a process, which may hold a token, as long as it has no title of its own.
process.title = "fx-ticks";

const interrupt = new AbortController();
// Once each: a second Ctrl-C ends the process at once.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)));
}
// A reader that has seen enough, such as head, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  interrupt.abort(error);
});

// Where the XDG base directory specification puts what should survive a restart but is no data of the user's.
const stateHome = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");

// Not an import: the compiler would take the file for one of its own.
const { version } = createRequire(import.meta.url)("../package.json");

process.exitCode = await run(process.argv.slice(2), {
  version,
  terminal: {
    out: (line) => void process.stdout.write(`${line}\n`),
    say: (line) => void process.stderr.write(`${line}\n`),
    display: process.stderr.isTTY ? process.stderr : undefined,
    screen: process.stdout.isTTY ? { stream: process.stdout, columns: () => process.stdout.columns } : undefined,
  },
  signal: interrupt.signal,
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stateDirectory: join(stateHome, "fx-ohlc", "imports"),
});
