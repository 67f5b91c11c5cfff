import { isNativeError } from "node:util/types";
import { createLogger as createWinston, format, type Logger, transports } from "winston";
import type { EnvReader } from "./env.js";
import { redact } from "./redact.js";

export type { Logger } from "winston";
export { redact } from "./redact.js";

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Reads `LOG_LEVEL`, which every service has. */
export function readLogLevel(read: EnvReader): LogLevel {
  return read.choice("LOG_LEVEL", LOG_LEVELS, { default: "info" as const });
}

/** How far into nested fields a log line goes; deeper ones are cut, so that a cyclic object cannot hang the logger. */
const LOG_DEPTH_MAX = 5;

function loggable(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (depth >= LOG_DEPTH_MAX) return "…";
  if (isNativeError(value)) return loggable(errorFields(value), depth);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => loggable(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, loggable(inner, depth + 1)]));
}

/** An error's own name, message and stack are not enumerable: they are named here. */
function errorFields(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = "code" in error ? error.code : undefined;
  return { name, message, code, stack, ...(cause === undefined ? {} : { cause }) };
}

const cleaned = format((info) => {
  for (const [key, value] of Object.entries(info)) info[key] = loggable(value);
  return info;
});

/** What a logger is made of. */
export interface LoggerOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** Where lines go; standard output when absent. */
  readonly destination?: NodeJS.WritableStream;
}

/** A logger that writes one JSON object a line: `timestamp`, `level`, `service`, `message` and the fields of the call. */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  return createWinston({
    level,
    defaultMeta: { service },
    format: format.combine(cleaned(), format.timestamp(), format.json()),
    transports: [destination === undefined ? new transports.Console() : new transports.Stream({ stream: destination })],
  });
}
