import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, ReadyProcess } from "@fx-ohlc/embedded";
import type { Lab } from "../lab.js";

const READY_TIMEOUT_MS = 10_000;

export interface BaselineOptions {
  /** `bare-express` or `naive-fan-out`. */
  readonly name: "bare-express" | "naive-fan-out";
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a yardstick as a process of its own, which goes on until the lab is closed. @returns its address */
export async function startBaseline(lab: Lab, { name, args = [], env = {} }: BaselineOptions): Promise<string> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = new ReadyProcess({
    name,
    command: execPath,
    args: [fileURLToPath(new URL(`./${name}-main.js`, import.meta.url)), ...args],
    env: { ...env, PORT: String(port) },
    stopSignal: "SIGTERM",
    stopTimeoutMs: 1000,
    orphanSignal: "TERM",
    isReady: async () => (await fetch(url)).ok,
    readyTimeoutMs: READY_TIMEOUT_MS,
  });
  await server.start();
  lab.onClose(() => server.stop());
  return url;
}
