export * from "./async-api.js";
export * from "./documents.js";
export * from "./edge-routes.js";
export * from "./examples.js";
export * from "./ingest-routes.js";
export * from "./query-routes.js";
export * from "./stream-routes.js";
export * from "./udf-routes.js";
