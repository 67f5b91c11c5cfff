import { runService } from "@fx-ohlc/service-kit";
import { readStackConfig } from "./config.js";
import { onOrphaned } from "./orphan-watch.js";
import { Stack } from "./stack.js";

// npm passes on every signal but SIGKILL: without it nobody could stop this stack from its terminal any more.
if (process.env.npm_lifecycle_event !== undefined) {
  onOrphaned(process.ppid, () => process.kill(process.pid, "SIGTERM"));
}

// What the stack and its parts write is for their owner; the accounts of its servers may pass through its folders.
process.umask(0o066);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runService("fx-ohlc", process, ({ env, signal }) => {
  const config = readStackConfig(env);
  return new Stack({ config, env, signal, say });
});
