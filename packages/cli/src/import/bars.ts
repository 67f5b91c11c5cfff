import { sleep } from "@fx-ohlc/client";
import { counted, duration, type Terminal } from "../terminal.js";

/** Windows of late ticks whose bars tick-ingest has not refreshed yet. */
const BACKLOG = /^bar_refresh_backlog_windows(?:\{[^}]*\})? (\d+)$/m;

/** Through the edge, and at the service itself. */
const METRICS_PATHS = ["/metrics/tick-ingest", "/metrics"];

/** Refreshing a year of minutes takes about a minute; who imports more than can be refreshed in ten is told so instead. */
const WAIT_MAX_MS = 600_000;
const POLL_INTERVAL_MS = 500;
const REQUEST_TIMEOUT_MS = 5_000;

/** @returns undefined where metrics are not to be had */
async function backlog(url: string): Promise<number | undefined> {
  for (const path of METRICS_PATHS) {
    try {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      const [, windows] = BACKLOG.exec(await response.text()) ?? [];
      if (windows !== undefined) return Number(windows);
    } catch {
      // The ticks are stored; when their bars are exact is all that cannot be said.
    }
  }
  return undefined;
}

/**
 * Waits until the bars of ticks that were older than the live window are exact, and says so. Ticks are in the bars at once
 * otherwise. Where the service's metrics cannot be read it says nothing.
 */
export async function awaitBars(url: string, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  let windows = await backlog(url);
  if (windows === undefined) return;
  if (windows > 0) terminal.say(`stored; bars of ${counted(windows, "past window")} are being refreshed …`);
  while (windows !== undefined && windows > 0 && performance.now() - startedMs < WAIT_MAX_MS) {
    await sleep(POLL_INTERVAL_MS, signal);
    windows = await backlog(url);
  }
  const waited = duration(performance.now() - startedMs);
  if (windows === 0) terminal.out(`all bars are exact, ${waited} after the last tick`);
  else terminal.say(`bars of ${counted(windows ?? 0, "past window")} are not exact yet, ${waited} after the last tick`);
}
