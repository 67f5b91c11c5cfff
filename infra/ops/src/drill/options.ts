import { parseArgs } from "node:util";

export const USAGE = `node infra/ops/dist/drill/main.js [--url http://localhost:8000] [--seconds 60] [--rate 500] [--clients 8]

Posts ticks of a symbol of its own to a running system while you restart, kill or move parts of it, and says at the end
whether every acknowledged tick is stored and every stream client was told of each of them.`;

/** What a drill does. */
export interface DrillOptions {
  readonly url: string;
  readonly seconds: number;
  /** Ticks per second, one request each. */
  readonly rate: number;
  /** WebSocket clients that listen. */
  readonly clients: number;
}

/** @throws Error naming what is wrong */
export function readOptions(args: readonly string[]): DrillOptions {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { url: text, seconds: text, rate: text, clients: text } });
  return {
    url: values.url ?? "http://localhost:8000",
    seconds: count("--seconds", values.seconds, 60),
    rate: count("--rate", values.rate, 500),
    clients: count("--clients", values.clients, 8),
  };
}

function count(name: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (!Number.isInteger(value) || value < 1 || value > 100_000)
    throw new Error(`${name} must be a whole number of at least 1`);
  return value;
}
