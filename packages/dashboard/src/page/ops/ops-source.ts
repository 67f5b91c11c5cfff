import type { FxClient } from "@fx-ohlc/client";
import type { StreamStats } from "@fx-ohlc/schemas";
import type { ApiReader } from "../pages/api-reader.js";
import { type MetricSamples, parseMetrics, sumOf } from "./metrics-text.js";
import type { OpsState, Reading } from "./ops-state.js";

/** Asks how the system is: each question by itself, so that one that fails hides no other. */
export class OpsSource {
  #before: { readonly atMs: number; readonly ticks: number } | undefined;

  constructor(
    private readonly client: FxClient,
    private readonly reader: ApiReader,
  ) {}

  async read(): Promise<OpsState> {
    const metrics = (service: string) =>
      reading(async (): Promise<MetricSamples> => parseMetrics(await this.reader.text(`/metrics/${service}`)));
    const [health, isReady, feeds, stats, ingest, query, gateway] = await Promise.all([
      reading(() => this.client.health()),
      reading(() => this.reader.isFine("/ready")),
      reading(() => this.client.feeds()),
      reading(() => this.reader.json<StreamStats>("/ws/stats")),
      metrics("tick-ingest"),
      metrics("ohlc-query"),
      metrics("stream-gateway"),
    ]);
    const ticksPerSecond = this.#rate(ingest.value);
    return { health, isReady, feeds, stats, ingest, query, gateway, ticksPerSecond };
  }

  #rate(ingest: MetricSamples | undefined): number | undefined {
    const ticks = sumOf(ingest, "ticks_ingested_total");
    if (ticks === undefined) return undefined;
    const before = this.#before;
    this.#before = { atMs: performance.now(), ticks };
    // Behind a proxy another instance may have answered, or one that has started anew.
    if (before === undefined || ticks < before.ticks) return undefined;
    return (ticks - before.ticks) / ((this.#before.atMs - before.atMs) / 1_000);
  }
}

async function reading<T>(ask: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    return { error };
  }
}
