export type { BarJson, FieldError, Interval, StoredInterval } from "@fx-ohlc/schemas";
export * from "./client.js";
export { type ProblemDocument, ProblemError, UnreachableError } from "./errors.js";
export type { CallOptions, HttpOptions, RetryEvent } from "./http.js";
export { backoffMs, DEFAULT_RETRY, type RetryPolicy, sleep } from "./retry.js";
export * from "./types.js";
export { CSV_HEADER, type UploadFormat } from "./upload.js";
