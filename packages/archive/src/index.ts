export * from "./entry.js";
export * from "./layout.js";
export * from "./store.js";
export * from "./tick-file-read.js";
