import { backoffMs, sleep } from "@fx-ohlc/client";
import type { FeedCounts } from "./counts.js";
import { asError } from "./error-text.js";
import { type Listener, type Venue, VenueBusy, VenueRefusal } from "./venue.js";

/** Waits grow to half a minute: a venue that is away for an hour is asked some two hundred times. */
const WAIT = { attemptsMax: Number.POSITIVE_INFINITY, baseMs: 500, capMs: 30_000 };
/** Between two connections at least: OANDA lets an address open two a second. */
const WAIT_MIN_MS = 500;
/** A connection that lived so long was a good one: after it the waits begin anew. One that only greets was not. */
const GOOD_AFTER_MS = 30_000;

/** What {@link listenPatiently} needs of its surroundings. */
export interface Surroundings {
  readonly counts: FeedCounts;
  readonly say: (line: string) => void;
  readonly random: () => number;
}

/**
 * Listens to a venue for as long as nobody stops it, and connects again when a connection ends. The state is either that the venue is
 * alive, or that it is away, which is said once, as is its return.
 *
 * @throws VenueRefusal when the venue will not have it
 */
export async function listenPatiently(
  venue: Venue,
  listener: Listener,
  signal: AbortSignal,
  { counts, say, random }: Surroundings,
): Promise<never> {
  let attempt = 0;
  let isAwaySaid = false;
  for (;;) {
    const startedMs = performance.now();
    const reason = await endOf(venue, signal, {
      take: (tick) => listener.take(tick),
      unusable: () => listener.unusable(),
      alive: () => {
        counts.isConnected = true;
        listener.alive();
        if (isAwaySaid) say(`${venue.name} is there again`);
        isAwaySaid = false;
      },
    });
    counts.isConnected = false;
    counts.disconnects += 1;
    attempt = performance.now() - startedMs >= GOOD_AFTER_MS ? 1 : attempt + 1;
    if (!isAwaySaid) say(`${venue.name}: ${reason.message}; connecting again`);
    isAwaySaid = true;
    const askedMs = reason instanceof VenueBusy ? reason.retryAfterMs : 0;
    await sleep(Math.max(WAIT_MIN_MS, askedMs + backoffMs(attempt, WAIT, random)), signal);
  }
}

/** Why a connection ended that may be made again. */
async function endOf(venue: Venue, signal: AbortSignal, listener: Listener): Promise<Error> {
  try {
    await venue.listen(listener, signal);
    signal.throwIfAborted();
    return new Error("the connection has ended");
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof VenueRefusal) throw error;
    return asError(error);
  }
}
