import type { Connection } from "../connection.js";
import { sendHeartbeats } from "../heartbeats.js";
import { undauntedClient } from "../patient-client.js";
import { type Context, counted, duration, EXIT, grouped } from "../terminal.js";
import { Arrivals } from "./arrivals.js";
import { FeedCounts } from "./counts.js";
import { asError } from "./error-text.js";
import { FeedMetrics, type MetricsPlace } from "./metrics.js";
import { Outbox } from "./outbox.js";
import { listenPatiently } from "./patience.js";
import type { SymbolNames } from "./symbol-names.js";
import type { Venue } from "./venue.js";

export interface FeedOptions extends Connection {
  /** What the symbols are stored as. */
  readonly names: SymbolNames;
  /** Ticks that may wait for a service that is away. */
  readonly bufferTicksMax: number;
  readonly metrics: MetricsPlace | undefined;
}

/** How long the last ticks may take when the feed is stopped: less than the 10 s that containers are given, ms. */
const LAST_TICKS_MS = 5_000;

function summary(counts: FeedCounts, unsent: number, startedMs: number): string {
  const sent = `${counted(counts.sent, "tick")} sent in ${duration(performance.now() - startedMs)}`;
  const lost = [
    [counts.refused, "refused"],
    [counts.dropped, "dropped while the service was away"],
    [unsent, "not sent"],
  ] as const;
  return [sent, ...lost.flatMap(([count, what]) => (count === 0 ? [] : [`${grouped(count)} ${what}`]))].join("; ");
}

/**
 * Sends what a venue says until it is interrupted; then the last ticks, as long as the service takes them.
 *
 * @returns the exit code: that of a failure where ticks could not be sent
 * @throws VenueRefusal when the venue will not have it; ProblemError when the service will not
 */
export async function feed(venue: Venue, options: FeedOptions, { terminal, signal }: Context): Promise<number> {
  const startedMs = performance.now();
  const counts = new FeedCounts();
  const outbox = new Outbox(undauntedClient(options, terminal), options.bufferTicksMax, counts, terminal.say);
  const metrics = new FeedMetrics(counts, () => outbox.size);
  // A feed that has lost its venue would bring nothing if something happened: it is not alive.
  const alive = () => (counts.isConnected ? [...options.names.values()] : []);
  let stopHeartbeats: (() => void) | undefined;
  const arrivals = new Arrivals(options.names, outbox, counts, {
    alive: () => {
      stopHeartbeats ??= sendHeartbeats(options, alive);
    },
    delayed: (seconds) => metrics.delayed(seconds),
  });
  const [listening, sending] = [new AbortController(), new AbortController()];
  const served = options.metrics && (await metrics.serve(options.metrics));
  if (served !== undefined) terminal.say(`metrics are at ${served.url}`);
  const sent = outbox.run(sending.signal);
  const surroundings = { counts, say: terminal.say, random: Math.random };
  const heard = listenPatiently(venue, arrivals, AbortSignal.any([signal, listening.signal]), surroundings);
  try {
    await Promise.race([heard, sent]);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    // No heartbeat after the end: a feed that was stopped is down.
    stopHeartbeats?.();
    listening.abort(new Error("the feed is over"));
    outbox.close();
    const timer = setTimeout(() => sending.abort(new Error("the service is away")), LAST_TICKS_MS);
    const [, ending] = await Promise.allSettled([heard, sent]);
    clearTimeout(timer);
    served?.stop();
    if (signal.aborted && ending.status === "rejected") terminal.say(`fx-ticks: ${asError(ending.reason).message}`);
    terminal.say(summary(counts, outbox.size, startedMs));
  }
  return outbox.size > 0 ? EXIT.failed : EXIT.done;
}
