import { type FxClient, ProblemError } from "@fx-ohlc/client";
import { formatTime, parseTime } from "@fx-ohlc/schemas";
import type { SentTick } from "./chunks.js";
import type { SavedImport, StateFile } from "./state-file.js";

/** Whether the service holds a tick that it acknowledged in an earlier run. */
async function isStored(client: FxClient, symbol: string, { time, price }: SentTick, signal: AbortSignal) {
  const end = formatTime((parseTime(time) ?? 0) + 1);
  try {
    for await (const tick of client.ticks({ symbol, start: time, end, signal })) if (tick.price === price) return true;
  } catch (error) {
    // The write side alone cannot be asked; it can always be sent everything again.
    if (!(error instanceof ProblemError && error.status === 404)) throw error;
  }
  return false;
}

/**
 * Where an import can go on: where an earlier run on the same file stopped, if the service still has what that run sent. A
 * database that was emptied since gets everything again.
 */
export async function resumePoint(
  state: StateFile,
  client: FxClient,
  symbol: string,
  signal: AbortSignal,
): Promise<SavedImport | undefined> {
  const saved = state.load();
  if (saved === undefined) return undefined;
  return (await isStored(client, symbol, saved.mark.tick, signal)) ? saved : undefined;
}
