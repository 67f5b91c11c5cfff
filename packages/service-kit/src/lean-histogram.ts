import {
  Histogram,
  type HistogramConfiguration,
  type MetricObjectWithValues,
  type MetricValueWithName,
} from "prom-client";

type Export = MetricObjectWithValues<MetricValueWithName<string>>;

/** What was observed of one combination of labels. */
interface Series {
  readonly labels: Readonly<Record<string, string | number>>;
  /** Of values at most each bound and above the one before it; the last is of those above all bounds. */
  readonly counts: number[];
  sum: number;
  /** Of each bucket the last observation that was traced. */
  readonly exemplars: (Exemplar | undefined)[];
}

/** An observation by which its trace is found, as prom-client writes it into a scrape in the OpenMetrics format. */
interface Exemplar {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** What a histogram is called, and how it counts. */
export interface LeanHistogramOptions extends HistogramConfiguration<string> {
  /** Upper bounds, ascending. */
  readonly buckets: number[];
}

/**
 * A histogram for what happens ten thousand times a second: prom-client sorts and hashes the labels of every observation,
 * where this one looks up their values. Only what is noted by {@link note} is in it.
 */
export class LeanHistogram extends Histogram {
  readonly #series = new Map<string, Series>();

  constructor(private readonly options: LeanHistogramOptions) {
    super(options);
    if (this.#names.length === 0) this.#add("", []);
  }

  get #names(): readonly string[] {
    return this.options.labelNames ?? [];
  }

  /** @param labels their values, in the order of their names */
  note(value: number, ...labels: readonly (string | number)[]): void {
    this.noteTraced(undefined, value, ...labels);
  }

  /** The same for what is found again by its trace. */
  noteTraced(traceId: string | undefined, value: number, ...labels: readonly (string | number)[]): void {
    const key = labels.join("\n");
    const series = this.#series.get(key) ?? this.#add(key, labels);
    const place = this.options.buckets.findIndex((bound) => value <= bound);
    const at = place < 0 ? series.counts.length - 1 : place;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += value;
    if (traceId === undefined) return;
    series.exemplars[at] = { labelSet: { trace_id: traceId }, value, timestamp: Date.now() / 1000 };
  }

  #add(key: string, values: readonly (string | number)[]): Series {
    const labels = Object.fromEntries(this.#names.map((name, i) => [name, values[i] ?? ""]));
    const series = { labels, counts: [...this.options.buckets, 0].fill(0), sum: 0, exemplars: [] };
    this.#series.set(key, series);
    return series;
  }

  override async get(): Promise<Export> {
    const { name, help } = this.options;
    const values = [...this.#series.values()].flatMap((series) => this.#valuesOf(series));
    const type = "histogram" as unknown as Export["type"]; // It is this text, and an enumeration of numbers in the types.
    return { name, help, type, aggregator: "sum", values, collect: () => undefined };
  }

  /** What the text of a scrape is made of, where a metric has it. */
  getForPromString(): Promise<Export> {
    return this.get();
  }

  #valuesOf({ labels, counts, sum, exemplars }: Series): Export["values"] {
    const { name, buckets } = this.options;
    let count = 0;
    const cumulated = counts.map((own, i) => {
      count += own;
      const [le, exemplar] = [buckets[i] ?? "+Inf", exemplars[i]];
      return { labels: { le, ...labels }, value: count, metricName: `${name}_bucket`, ...(exemplar && { exemplar }) };
    });
    return [
      ...cumulated,
      { labels, value: sum, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  }
}
