export { emptyDatabase, type TestDatabase } from "./empty-database.js";
export { type EventuallyOptions, eventually } from "./eventually.js";
export { freePort } from "./free-port.js";
export { GuardedProcess, type ProcessSpec } from "./guarded-process.js";
export { type PostgresOptions, startPostgres } from "./postgres.js";
export { type RedisOptions, startRedis } from "./redis.js";
export { ensureRedisServer } from "./redis-command.js";
export type { ServerHandle } from "./server-handle.js";
export { openTestRun, type TestRun, temporaryPostgres, testRun } from "./test-run.js";
