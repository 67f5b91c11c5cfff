import { setTimeout as delay } from "node:timers/promises";
import type { FxClient } from "@fx-ohlc/client";
import { seededRandom } from "../random.js";

export interface Rate {
  readonly symbols: number;
  readonly ticksPerSecond: number;
  readonly seconds: number;
}

/** A request's worth of ticks: as a busy producer batches them. */
const BATCH_MS = 50;

/** Posts ticks of many symbols at a steady rate, each as of now. */
export async function postAtRate(
  client: FxClient,
  { symbols, ticksPerSecond, seconds }: Rate,
): Promise<readonly { symbol: string; price: number }[]> {
  const random = seededRandom(7);
  const perBatch = (ticksPerSecond * BATCH_MS) / 1_000;
  const batches = (seconds * 1_000) / BATCH_MS;
  const sent: { symbol: string; price: number }[] = [];
  const startMs = performance.now();
  for (let batch = 0; batch < batches; batch += 1) {
    await delay(Math.max(0, startMs + batch * BATCH_MS - performance.now()));
    const ticks = Array.from({ length: perBatch }, (_, at) => ({
      symbol: `SIM${String((batch * perBatch + at) % symbols).padStart(2, "0")}`,
      price: Number((1 + random()).toFixed(5)),
    }));
    await client.postTicks(ticks);
    sent.push(...ticks);
  }
  return sent;
}
