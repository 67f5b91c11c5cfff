import { type FxClient, ProblemError } from "@fx-ohlc/client";
import { formatTime, parseTime } from "@fx-ohlc/schemas";
import type { Mark, SentTick } from "./chunks.js";
import type { StateFile } from "./state-file.js";
import { isStoredAs } from "./stored-kinds.js";

/** Answers of a service, or to a token, that cannot say what is stored. */
export const UNASKABLE: ReadonlySet<number> = new Set([403, 404, 405]);

/** Whether the service holds a tick that it acknowledged in an earlier run. */
async function isStored(client: FxClient, { symbol, time, prices }: SentTick, signal: AbortSignal) {
  const end = formatTime((parseTime(time) ?? 0) + 1);
  try {
    for await (const tick of client.ticks({ symbol, start: time, end, signal })) {
      if (isStoredAs(prices, tick)) return true;
    }
  } catch (error) {
    // The write side alone cannot be asked, nor by a token that may only write; it can always be sent everything again.
    if (!(error instanceof ProblemError && UNASKABLE.has(error.status))) throw error;
  }
  return false;
}

/**
 * Where an import can go on: where an earlier run on the same files stopped, if the service still has what that run sent. A
 * database that was emptied since gets everything again.
 */
export async function resumePoint(state: StateFile, client: FxClient, signal: AbortSignal): Promise<Mark | undefined> {
  const mark = state.load();
  if (mark === undefined) return undefined;
  return (await isStored(client, mark.tick, signal)) ? mark : undefined;
}
