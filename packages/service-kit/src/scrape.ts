import {
  type Metric,
  type MetricObjectWithValues,
  type MetricValueWithName,
  type OpenMetricsContentType,
  Registry,
} from "prom-client";

/** What a scrape is answered. */
export interface Scrape {
  readonly contentType: string;
  readonly text: string;
}

type Export = MetricObjectWithValues<MetricValueWithName<string>>;
/** prom-client reads a metric by this where it has it, and by `get` where it has not. */
type Readable = Metric & { getForPromString?(): Promise<Export>; readonly name: string; readonly help: string };

const OPEN_METRICS = /application\/openmetrics-text(?!\s*;[^,]*q=0(?:\.0*)?\s*(?:,|$))/i;

/** The metrics in the format that is accepted: OpenMetrics, which alone shows exemplars, where that is named, else Prometheus's text. */
export async function scrapeOf(registry: Registry, accept = ""): Promise<Scrape> {
  if (!OPEN_METRICS.test(accept)) return { contentType: registry.contentType, text: await registry.metrics() };
  const contentType = Registry.OPENMETRICS_CONTENT_TYPE;
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(contentType);
  for (const metric of registry.getMetricsAsArray()) open.registerMetric(viewOf(metric as unknown as Readable)); // Its types leave that out.
  return { contentType, text: await open.metrics() };
}

/** A metric as OpenMetrics wants it. (prom-client would rename the counter itself, and with it what the next scrape of text says.) */
function viewOf(metric: Readable): Metric {
  const get = async () => {
    const told = await (metric.getForPromString?.() ?? (metric.get() as Promise<Export>));
    const isCounter = String(told.type) === "counter"; // An enumeration in the types, and this text.
    return isCounter ? { ...told, name: told.name.replace(/_total$/, "") } : told;
  };
  return { name: metric.name, help: metric.help, get } as unknown as Metric; // All that a registry asks of one.
}
