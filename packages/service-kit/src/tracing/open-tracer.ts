import { type Environment, type EnvReader, readEnv } from "../env.js";
import type { Service } from "../lifecycle.js";
import { createLogger } from "../logger.js";
import type { Tracer } from "./trace-span.js";

const PROTOCOLS = ["http/protobuf", "http/json"] as const;
const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

/** What is read here of OpenTelemetry's own variables; its library reads the others. */
export interface TracingConfig {
  readonly protocol: (typeof PROTOCOLS)[number];
  /** As they are written: they may hold a secret, so they may come in a file. */
  readonly headers: string | undefined;
}

/** Undefined where nothing is to be exported. */
function readTracing(read: EnvReader): TracingConfig | undefined {
  const base = read.url("OTEL_EXPORTER_OTLP_ENDPOINT", "http", { default: undefined });
  const endpoint = read.url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http", { default: base });
  const isDisabled = read.boolean("OTEL_SDK_DISABLED", { default: false });
  // A host may tell all of its programs how they would export, and export nothing.
  if (endpoint === undefined || isDisabled) return undefined;
  const exporter = read.choice("OTEL_TRACES_EXPORTER", ["otlp", "none"], { default: "otlp" as const });
  if (exporter === "none") return undefined;
  read.choice("OTEL_TRACES_SAMPLER", SAMPLERS, { default: undefined });
  const protocol = read.choice("OTEL_EXPORTER_OTLP_PROTOCOL", PROTOCOLS, { default: "http/protobuf" as const });
  return {
    protocol: read.choice("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", PROTOCOLS, { default: protocol }),
    headers: read.string("OTEL_EXPORTER_OTLP_HEADERS", { default: undefined }),
  };
}

/**
 * Begins to export traces where `OTEL_EXPORTER_OTLP_ENDPOINT` says where to. OpenTelemetry's library is loaded only then.
 *
 * @throws ConfigError naming the variables that are wrong
 */
export async function openTracer(service: string, version: string, env: Environment): Promise<Tracer | undefined> {
  const config = readEnv(env, readTracing);
  if (config === undefined) return undefined;
  const { startTracer } = await import("./otel-tracer.js");
  return startTracer({ service, version, ...config, logger: createLogger({ service, level: "info" }) });
}

/** The same service, whose last spans are sent when it has stopped. */
export function tracedUntilStopped<S extends Service>(service: S, tracer: Tracer | undefined): Service {
  if (tracer === undefined) return service;
  return {
    start: () => service.start(),
    stop: async () => {
      await service.stop();
      await tracer.stop();
    },
  };
}
