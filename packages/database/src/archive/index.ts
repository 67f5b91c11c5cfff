export * from "./archive-pass.js";
export * from "./archive-worker.js";
export type { DayOutcome } from "./day-archiver.js";
export * from "./entries.js";
export * from "./init-archive.js";
export * from "./rebuild.js";
export * from "./rules.js";
export * from "./store-options.js";
export * from "./verify-archive.js";
