export * from "./entry.js";
export * from "./layout.js";
export * from "./ranged-tick-file.js";
export * from "./store.js";
