import type { FxClient, TickInput } from "@fx-ohlc/client";

const MINUTE_MS = 60_000;

/** A symbol that is always open, so that it does not matter on which day of the week a test runs. */
export async function symbolOf(
  url: string,
  symbol: string,
  said: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const body = JSON.stringify({ session: "always", kind: "fx", ...said });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/symbols/${symbol}`, { method: "PUT", headers, body });
  if (!answer.ok) throw new Error(`PUT /symbols/${symbol}: ${answer.status} ${await answer.text()}`);
}

/** A tick a minute, at its 30th second. */
export function minutely(symbol: string, fromMs: number, toMs: number, price = 1.1): TickInput[] {
  const ticks: TickInput[] = [];
  const first = Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS / 2;
  for (let ms = first; ms < toMs; ms += MINUTE_MS) {
    const moved = price * (1 + (ticks.length % 7) / 10_000);
    ticks.push({ symbol, time: new Date(ms).toISOString(), price: Number(moved.toPrecision(11)) });
  }
  return ticks;
}

/** A symbol whose ticks stopped for three hours and a half, half an hour ago, and of which three were corrected since. */
export async function seedOutage(client: FxClient, symbol: string, nowMs: number): Promise<void> {
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - 30 * MINUTE_MS;
  const startMs = endMs - 210 * MINUTE_MS;
  const after = minutely(symbol, endMs, nowMs);
  await client.postTicks([...minutely(symbol, startMs - 90 * MINUTE_MS, startMs), ...after]);
  for (const tick of after.slice(3, 6)) await client.putTick({ symbol, time: tick.time ?? "" }, 1.1234);
}
