import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  type Context,
  createTraceState,
  diag,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  type Span,
  SpanKind as SpanKinds,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { parseKeyPairsIntoRecord, parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { withDeadline } from "../deadline.js";
import type { Logger } from "../logger.js";
import { redact } from "../redact.js";
import type { TracingConfig } from "./open-tracer.js";
import { ToldExporter } from "./told-exporter.js";
import type { SpanFields, SpanKind, Tracer, TraceSpan } from "./trace-span.js";

/** A service that stops waits no longer for a collector. */
const STOP_DEADLINE_MS = 2000;

const KINDS: Readonly<Record<SpanKind, SpanKinds>> = {
  internal: SpanKinds.INTERNAL,
  server: SpanKinds.SERVER,
  client: SpanKinds.CLIENT,
  producer: SpanKinds.PRODUCER,
  consumer: SpanKinds.CONSUMER,
};

export interface OtelOptions extends TracingConfig {
  readonly service: string;
  readonly version: string;
  readonly logger: Logger;
}

/** Samples, and exports by OTLP, as the `OTEL_…` variables say. */
export function startTracer({ service, version, protocol, headers, logger }: OtelOptions): Tracer {
  diag.setLogger({ ...SILENT, error: (message) => logger.warn("tracing", { reason: message }) });
  const Exporter = protocol === "http/json" ? JsonExporter : ProtobufExporter;
  const exporter = new Exporter(headers === undefined ? {} : { headers: parseKeyPairsIntoRecord(headers) });
  const ours = resourceFromAttributes({
    "service.name": service,
    "service.namespace": "fx-ohlc",
    "service.version": version,
    "service.instance.id": randomUUID(),
  });
  const provider = new BasicTracerProvider({
    resource: ours.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new ToldExporter(exporter, logger))],
  });
  return new OtlpTracer(provider.getTracer("fx-ohlc", version), () => provider.shutdown());
}

const nothing = () => undefined;
const SILENT = { error: nothing, warn: nothing, info: nothing, debug: nothing, verbose: nothing };

/** Spans know their parents by what they are given: there is no context that follows the event loop, for that costs every request. */
class OtlpTracer implements Tracer {
  constructor(
    private readonly tracer: OtelTracer,
    private readonly shutdown: () => Promise<void>,
  ) {}

  serve(
    { headers: { traceparent, tracestate } }: IncomingMessage,
    name: string,
    fields: SpanFields,
    isAskedOnly: boolean,
  ) {
    const parent = typeof traceparent === "string" ? remoteContext(traceparent, tracestate) : undefined;
    return parent === undefined && isAskedOnly ? undefined : this.#start(parent, name, "server", fields);
  }

  resume(traceparent: string, name: string, kind: SpanKind, fields: SpanFields) {
    const parent = remoteContext(traceparent);
    return parent && this.#start(parent, name, kind, fields);
  }

  begin(name: string, kind: SpanKind, fields: SpanFields) {
    return this.#start(undefined, name, kind, fields);
  }

  async stop(): Promise<void> {
    await withDeadline(this.shutdown(), STOP_DEADLINE_MS, "the collector of traces").catch(nothing);
  }

  #start(parent: Context = ROOT_CONTEXT, name: string, kind: SpanKind, fields: SpanFields): TraceSpan | undefined {
    const span = this.tracer.startSpan(name, { kind: KINDS[kind], attributes: fields }, parent);
    return span.isRecording() ? new OtlpSpan(this.tracer, span) : undefined;
  }
}

/** Undefined where it is not one. */
function remoteContext(traceparent: string, tracestate?: string | string[]): Context | undefined {
  const parent = parseTraceParent(traceparent);
  if (parent === null) return undefined;
  const state = tracestate === undefined ? {} : { traceState: createTraceState(String(tracestate)) };
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, ...state, isRemote: true });
}

class OtlpSpan implements TraceSpan {
  constructor(
    private readonly tracer: OtelTracer,
    private readonly span: Span,
  ) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.span.spanContext();
    return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, "0")}`;
  }

  child(name: string, kind: SpanKind, fields: SpanFields = {}): TraceSpan {
    const context = trace.setSpan(ROOT_CONTEXT, this.span);
    return new OtlpSpan(this.tracer, this.tracer.startSpan(name, { kind: KINDS[kind], attributes: fields }, context));
  }

  link(other: TraceSpan): void {
    if (other instanceof OtlpSpan) this.span.addLink({ context: other.span.spanContext() });
  }

  note(fields: SpanFields): void {
    this.span.setAttributes(fields);
  }

  end(failure?: unknown): void {
    if (failure !== undefined) {
      const message = redact(failure instanceof Error ? failure.message : String(failure));
      this.span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    this.span.end();
  }
}
