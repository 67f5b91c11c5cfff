/** What a metric says, by its name: a value for each set of labels. */
export type MetricSamples = ReadonlyMap<string, readonly MetricSample[]>;

export interface MetricSample {
  readonly labels: string;
  readonly value: number;
}

/** Name, labels if there are any, value; a time that may follow is of no interest. */
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;

/** Reads what `/metrics` answers, the text that Prometheus takes. */
export function parseMetrics(text: string): MetricSamples {
  const samples = new Map<string, MetricSample[]>();
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    const known = samples.get(name);
    const sample = { labels, value: Number(value) };
    if (known === undefined) samples.set(name, [sample]);
    else known.push(sample);
  }
  return samples;
}

/** A metric over all of its labels; undefined of one that is not there. */
export function sumOf(samples: MetricSamples | undefined, name: string): number | undefined {
  return samples?.get(name)?.reduce((sum, { value }) => sum + value, 0);
}
