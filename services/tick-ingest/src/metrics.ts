import type { DatabaseJob, MaintenanceState } from "@fx-ohlc/database";
import { type Micros, US_PER_SECOND } from "@fx-ohlc/schemas";
import { Histogram, LeanHistogram, type Metrics, type Sample } from "@fx-ohlc/service-kit";
import type { Publisher } from "./publish/publisher.js";
import type { CopyTrust } from "./write/copy-trust.js";
import { runsOf } from "./write/symbol-runs.js";
import type { Commit } from "./write/tick-writer.js";

/** Symbols with a series of their own; those that come later share one, for every label value costs memory for ever. */
const SYMBOLS_MAX = 200;
const OTHER_SYMBOLS = "other";
/** What is older when it comes is history, which somebody imports and is done with. */
const LIVE_WITHIN_S = 300;

/** Counts what is ingested as plain integers, read when they are scraped. */
export class IngestMetrics {
  private readonly ingested = new Map<string, number>();
  /** When a tick of the symbol was last committed, seconds since 1970. */
  private readonly ingestedAtS = new Map<string, number>();
  /** When a tick of the symbol came that was of that moment. */
  private readonly liveAtS = new Map<string, number>();
  private readonly rejected = new Map<string, number>();
  private duplicates = 0;
  private readonly batchSize: Histogram;
  private readonly commitDuration: LeanHistogram;

  /** @param nowUs the clock that says when a tick was stored */
  constructor(
    metrics: Metrics,
    private readonly nowUs: () => Micros,
  ) {
    const registers = [metrics.registry];
    this.batchSize = new Histogram({
      name: "tick_batch_size",
      help: "Ticks created by one commit.",
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000, 50_000],
      registers,
    });
    this.commitDuration = new LeanHistogram({
      name: "tick_commit_duration_seconds",
      help: "Time of one commit, from its first statement to the server's word.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    metrics.addCounter({
      name: "ticks_ingested_total",
      help: "Ticks created, by symbol.",
      labelNames: ["symbol"],
      read: () => samples("symbol", this.ingested),
    });
    metrics.addGauge({
      name: "tick_last_ingested_timestamp_seconds",
      help: "When a tick was last created, by symbol.",
      labelNames: ["symbol"],
      read: () => samples("symbol", this.ingestedAtS),
    });
    // What feed alerts look at: a rate cannot tell a feed that stopped from a process that restarted.
    metrics.addGauge({
      name: "tick_last_live_timestamp_seconds",
      help: "When a tick was last created that was of the last five minutes, by symbol.",
      labelNames: ["symbol"],
      read: () => samples("symbol", this.liveAtS),
    });
    metrics.addCounter({
      name: "ticks_rejected_total",
      help: "Requests and lines refused, by problem code.",
      labelNames: ["reason"],
      read: () => samples("reason", this.rejected),
    });
    metrics.addCounter({
      name: "duplicate_ticks_total",
      help: "Replays of stored ticks.",
      read: () => this.duplicates,
    });
  }

  /** The metrics of the way to Redis. */
  observePublisher(metrics: Metrics, publisher: Publisher): void {
    metrics.addGauge({
      name: "stream_held_bytes",
      help: "What all streams on Redis hold, as this process last heard; 0 while it publishes nothing.",
      read: () => publisher.streamBytes,
    });
    metrics.addGauge({
      name: "publish_buffer_messages",
      help: "Messages that wait for Redis.",
      read: () => publisher.bufferedMessages,
    });
    metrics.addCounter({
      name: "publish_dropped_total",
      help: "Messages given up for a revision because they had waited too long, or the buffer was full.",
      read: () => publisher.droppedMessages,
    });
  }

  /** What writing by copy costs where ticks are not new. */
  observeCopies(metrics: Metrics, trust: CopyTrust): void {
    metrics.addCounter({
      name: "tick_copied_rows_total",
      help: "Ticks that were written by COPY, without a look at what is stored.",
      read: () => trust.copiedRows,
    });
    metrics.addCounter({
      name: "tick_copy_wasted_rows_total",
      help: "Rows that were written in vain, for a place among them was taken, and then again; vacuum removes them.",
      read: () => trust.wastedRows,
    });
  }

  /** What waits for whoever looks after bars and ticks, asked at every scrape. */
  observeMaintenance(metrics: Metrics, read: () => Promise<MaintenanceState>): void {
    const gauge = (name: string, help: string, value: (state: MaintenanceState) => number) =>
      metrics.addGauge({ name, help, read: async () => value(await read()) });
    gauge(
      "bar_refresh_backlog_windows",
      "Late or corrected windows whose bars are not refreshed yet.",
      ({ windows }) => windows,
    );
    gauge("bar_refresh_backlog_age_seconds", "For how long the oldest of them has waited.", ({ ageS }) => ageS);
    gauge("bar_refresh_backlog_eta_seconds", "When all of them are likely to be in the bars.", ({ etaS }) => etaS);
    gauge("tick_drops_held", "1 while expired ticks are kept until somebody confirms the clock.", ({ heldBecause }) =>
      heldBecause === null ? 0 : 1,
    );
    gauge(
      "archive_refused",
      "1 while nothing is archived and nothing dropped, as the archiver last said.",
      ({ isArchiveRefused }) => (isArchiveRefused ? 1 : 0),
    );
    gauge(
      "bars_closed_age_seconds",
      "How long ago the last closed minute ended: reads of what is younger ask the database.",
      ({ closedAgeS }) => closedAgeS,
    );
    gauge(
      "untold_commit_age_seconds",
      "How long ago the oldest commit was made that no stream and no client was told of yet.",
      ({ untoldAgeS }) => untoldAgeS,
    );
  }

  /** How the database's own jobs end. */
  observeJobs(metrics: Metrics, read: () => Promise<readonly DatabaseJob[]>): void {
    metrics.addGauge({
      name: "timescaledb_job_failed",
      help: "1 while a job of TimescaleDB on one of its tables has failed when it ran last.",
      labelNames: ["policy", "table"],
      read: async () =>
        (await read()).map(({ policy, table, hasFailed }): Sample => [{ policy, table }, hasFailed ? 1 : 0]),
    });
  }

  /** @param traceId where it is a step of a trace */
  countCommit({ created, outcomes }: Commit, seconds: number, traceId?: string): void {
    this.commitDuration.noteTraced(traceId, seconds);
    this.batchSize.observe(created.length);
    const nowS = this.nowUs() / US_PER_SECOND;
    for (const { symbol, from, to, last } of runsOf(created)) {
      const label = this.ingested.has(symbol) || this.ingested.size < SYMBOLS_MAX ? symbol : OTHER_SYMBOLS;
      this.ingested.set(label, (this.ingested.get(label) ?? 0) + to - from);
      this.ingestedAtS.set(label, nowS);
      if (nowS - last.timeUs / US_PER_SECOND < LIVE_WITHIN_S) this.liveAtS.set(label, nowS);
    }
    for (const outcome of outcomes) if (outcome.ok) this.duplicates += outcome.seqs.length - outcome.created;
  }

  countRejected(reason: string): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
  }
}

function* samples(label: string, numbers: ReadonlyMap<string, number>): Iterable<Sample> {
  for (const [value, number] of numbers) yield [{ [label]: value }, number];
}
