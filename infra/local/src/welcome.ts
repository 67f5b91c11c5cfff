import type { StackConfig } from "./config.js";
import type { LocalKeys } from "./local-keys.js";

/** What the user sees when everything is up: where to look. */
export function welcome(config: StackConfig, logs: string, { adminKeyFile }: LocalKeys, tookMs: number): string {
  const address = `localhost:${config.port}`;
  return [
    "",
    `fx-ohlc is up after ${(tookMs / 1000).toFixed(1)} s. Ctrl-C stops it.`,
    `  page     http://${address}/`,
    `  API      http://${address}/docs   http://${address}/redoc   http://${address}/stream-docs`,
    `  bars     http://${address}/ohlc/latest?symbol=EURUSD&interval=minute`,
    `  ticks    curl -X POST http://${address}/ticks -H 'Content-Type: application/json' -d '{"bid":1.2344,"ask":1.2346}'`,
    `  stream   ws://${address}/ws/ticks   ws://${address}/ws/ohlc/minute`,
    `  health   http://${address}/health`,
    `  logs     ${logs}`,
    ...(adminKeyFile === undefined
      ? []
      : [`  key      ${adminKeyFile}   the first one: it may do everything, and makes others`]),
    "",
  ].join("\n");
}
