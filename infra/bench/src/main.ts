import { writeFileSync } from "node:fs";
import { bench } from "./bench.js";
import { readBenchConfig, USAGE } from "./config.js";
import { reportText } from "./report/table.js";

/** Bootstrapping leaves its own word in front of what the user typed. */
const args = process.argv.slice(2).filter((word, index) => index > 0 || word !== "bench");
const aborter = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => aborter.abort(new Error("stopped")));

const say = (line: string): void => void process.stderr.write(`${line}\n`);

try {
  if (args.includes("--help")) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    const config = readBenchConfig(args, process.env);
    const report = await bench({ config, command: ["pnpm bench", ...args].join(" "), signal: aborter.signal, say });
    process.stdout.write(`\n${reportText(report)}\n`);
    for (const failure of report.failures) say(`not measured: ${failure}`);
    if (report.failures.length > 0) process.exitCode = 1;
    if (config.jsonFile !== undefined) writeFileSync(config.jsonFile, `${JSON.stringify(report, undefined, 2)}\n`);
  }
} catch (error) {
  process.stderr.write(`fx-ohlc bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
