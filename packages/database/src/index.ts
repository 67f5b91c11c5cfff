export * from "./database.js";
export * from "./migrate.js";
export * from "./settings.js";
export * from "./sql.js";
export * from "./sql-state.js";
