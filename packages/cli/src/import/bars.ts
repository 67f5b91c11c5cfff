import { FxClient, sleep } from "@fx-ohlc/client";
import type { Connection } from "../connection.js";
import { counted, duration, type Terminal } from "../terminal.js";

/** Refreshing a year of minutes takes about a minute; who imports more than can be refreshed in ten is told so instead. */
const WAIT_MAX_MS = 600_000;
const POLL_INTERVAL_MS = 500;
const REQUEST_TIMEOUT_MS = 5_000;

interface Backlog {
  /** Windows of late ticks whose bars are not refreshed yet; undefined where nobody says. */
  readonly windows: number | undefined;
  /** How long they are likely to take. */
  readonly etaS: number | undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

async function backlog(client: FxClient): Promise<Backlog> {
  // The ticks are stored; when their bars are exact is all that cannot be said.
  const health = await client.health().catch(() => undefined);
  return { windows: numberOf(health?.refresh_backlog_windows), etaS: numberOf(health?.refresh_backlog_eta_s) };
}

/**
 * Waits until the bars of ticks that were older than the live window are exact, and says so. Ticks are in the bars at once
 * otherwise. Where `/health` does not tell, as to a token without the scope `ops`, it says nothing.
 */
export async function awaitBars({ url, token }: Connection, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const client = new FxClient({ url, token, timeoutMs: REQUEST_TIMEOUT_MS, retry: { attemptsMax: 1 } });
  const startedMs = performance.now();
  let { windows, etaS = 0 } = await backlog(client);
  if (windows === undefined) return;
  if (windows > 0) {
    const left = `${counted(windows, "past window")} are being refreshed, for about ${duration(etaS * 1000)}`;
    terminal.say(`stored; bars of ${left} …`);
  }
  while (windows !== undefined && windows > 0 && performance.now() - startedMs < WAIT_MAX_MS) {
    await sleep(POLL_INTERVAL_MS, signal);
    ({ windows } = await backlog(client));
  }
  const waited = duration(performance.now() - startedMs);
  if (windows === 0) terminal.out(`all bars are exact, ${waited} after the last tick`);
  else terminal.say(`bars of ${counted(windows ?? 0, "past window")} are not exact yet, ${waited} after the last tick`);
}
