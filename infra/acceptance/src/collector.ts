import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { eventually } from "@fx-ohlc/testkit";

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number };
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly links?: readonly { readonly traceId: string }[];
}

/** A body of `POST /v1/traces`, of OTLP as JSON. */
interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** A step of a trace, as a collector was told of it. */
export interface Step extends Omit<OtlpSpan, "attributes"> {
  readonly service: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
}

function fieldsOf(attributes: readonly OtlpAttribute[]): Step["fields"] {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
}

/** Takes traces as an OpenTelemetry collector does, and keeps what it was told. */
export class Collector {
  readonly steps: Step[] = [];
  /** Of the last request. */
  headers: IncomingHttpHeaders = {};

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Collector> {
    const server = createServer();
    const collector = new Collector(server);
    server.on("request", async (req, res) => {
      collector.#take((await json(req)) as OtlpTraces);
      collector.headers = req.headers;
      res.setHeader("Content-Type", "application/json").end("{}");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; // Not a pipe.
  }

  /** The steps of a trace by their names, once all of these are there. */
  async trace(traceId: string, ...names: readonly string[]): Promise<ReadonlyMap<string, Step>> {
    const ofTrace = () =>
      new Map(this.steps.filter((step) => step.traceId === traceId).map((step) => [step.name, step]));
    const isWhole = async () => names.every((name) => ofTrace().has(name));
    await eventually(isWhole, { timeoutMs: 10_000, what: `the steps ${names.join(", ")}` });
    return ofTrace();
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  #take({ resourceSpans }: OtlpTraces): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(fieldsOf(resource.attributes)["service.name"]);
      for (const { attributes, ...span } of scopeSpans.flatMap(({ spans }) => spans))
        this.steps.push({ ...span, service, fields: fieldsOf(attributes) });
    }
  }
}
