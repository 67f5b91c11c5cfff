import { type DrillReport, isClean, runDrill } from "./drill.js";
import { readOptions, USAGE } from "./options.js";
import { tableOf } from "./table.js";

/** A symbol of its own for each drill, so that two of them do not count each other's ticks. */
const symbol = (at: number) => `D${Date.now().toString(36).slice(-7).toUpperCase()}.${at}`;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  const reports: DrillReport[] = [];
  for (const [at, drill] of options.drills.entries()) {
    const report = await runDrill(drill, options, symbol(at));
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    if (!isClean(report, drill, options)) process.exitCode = 1;
    reports.push(report);
  }
  process.stdout.write(`\n${tableOf(reports)}`);
}

try {
  if (process.argv.includes("--help")) process.stdout.write(`${USAGE}\n`);
  else await main();
} catch (error) {
  process.stderr.write(`drill: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
