import type { FeedJson, Health } from "@fx-ohlc/client";
import type { StreamStats } from "@fx-ohlc/schemas";
import type { MetricSamples } from "./metrics-text.js";

/** The latest answer to one question; the error where the latest asking failed. */
export interface Reading<T> {
  readonly value?: T;
  readonly error?: unknown;
}

/** What the ops view knows; undefined of what was not answered yet. */
export interface OpsState {
  readonly health?: Reading<Health>;
  readonly isReady?: Reading<boolean>;
  readonly feeds?: Reading<readonly FeedJson[]>;
  readonly stats?: Reading<StreamStats>;
  readonly ingest?: Reading<MetricSamples>;
  readonly query?: Reading<MetricSamples>;
  readonly gateway?: Reading<MetricSamples>;
  /** Ticks stored a second, since the reading before. */
  readonly ticksPerSecond?: number | undefined;
}
