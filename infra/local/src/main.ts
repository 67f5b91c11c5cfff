import { runService } from "@fx-ohlc/service-kit";
import { readStackConfig } from "./config.js";
import { Stack } from "./stack.js";

/** How often to look whether npm is still there, ms. */
const PARENT_CHECK_INTERVAL_MS = 500;

const parent = process.ppid;
// Run by npm, which passes on every signal but SIGKILL: without it nobody could stop this stack from its terminal any more.
if (process.env.npm_lifecycle_event !== undefined) {
  const check = (): void => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
  };
  setInterval(check, PARENT_CHECK_INTERVAL_MS).unref();
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runService("fx-ohlc", process, ({ env, signal }) => {
  const config = readStackConfig(env);
  const fail = (reason: string): void => {
    process.stderr.write(`fx-ohlc: ${reason}\n`);
    process.exitCode = 1;
    process.kill(process.pid, "SIGTERM");
  };
  return new Stack({ config, env, signal, say, fail });
});
