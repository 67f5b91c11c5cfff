import type { IncomingMessage } from "node:http";

/** What is known of a step, in the words of OpenTelemetry's conventions where they have one. */
export type SpanFields = Readonly<Record<string, string | number | boolean>>;

/** Whether a step answers somebody, asks somebody, or leaves a message for somebody or takes it. */
export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";

/**
 * A step of a trace that somebody records. Where nobody does there is none (undefined) instead of one that does nothing: so it
 * costs a look whether there is one.
 */
export interface TraceSpan {
  readonly traceId: string;
  /** For whoever goes on with the trace in another process (W3C Trace Context). */
  readonly traceparent: string;
  /** Begins a step within this one. */
  child(name: string, kind: SpanKind, fields?: SpanFields): TraceSpan;
  /** Says that a step of another trace has to do with this one. */
  link(other: TraceSpan): void;
  note(fields: SpanFields): void;
  /** @param failure what it failed with */
  end(failure?: unknown): void;
}

/** Begins traces, and goes on with those of others. */
export interface Tracer {
  /**
   * The step that answers a request, in the trace of its caller where it names one.
   *
   * @param isAskedOnly begins no trace of its own
   * @returns undefined where nobody wants it recorded: by the caller's flag, or by the sampler
   */
  serve(request: IncomingMessage, name: string, fields: SpanFields, isAskedOnly: boolean): TraceSpan | undefined;
  /** A step of a trace that was begun in another process. */
  resume(traceparent: string, name: string, kind: SpanKind, fields: SpanFields): TraceSpan | undefined;
  /** A step that nobody has asked for. */
  begin(name: string, kind: SpanKind, fields: SpanFields): TraceSpan | undefined;
  /** Sends what has ended, as far as that can be done soon. Never rejects. */
  stop(): Promise<void>;
}

/** One step for several traces at once: it is within the first, and linked with the others, both ways. */
export function commonStep(
  spans: Iterable<TraceSpan>,
  name: string,
  kind: SpanKind,
  fields: SpanFields,
): TraceSpan | undefined {
  const [first, ...others] = new Set(spans);
  const step = first?.child(name, kind, fields);
  for (const other of step === undefined ? [] : others) {
    step?.link(other);
    if (step !== undefined) other.link(step);
  }
  return step;
}
