import { drill, isClean } from "./drill.js";
import { readOptions, USAGE } from "./options.js";

/** A symbol of its own for each drill, so that two of them do not count each other's ticks. */
const symbol = `D${Date.now().toString(36).slice(-7).toUpperCase()}`;

try {
  if (process.argv.includes("--help")) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    const report = await drill(readOptions(process.argv.slice(2)), symbol);
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    process.exitCode = isClean(report) ? 0 : 1;
  }
} catch (error) {
  process.stderr.write(`drill: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
