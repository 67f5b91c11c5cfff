import { startService, type TestRedis, type TestService, testDatabase, testRedis } from "@fx-ohlc/testkit";
import postgres from "postgres";

/** A tick-ingest process with a database and a Redis of its own. */
export interface WriteSide {
  readonly service: TestService;
  readonly url: string;
  readonly sql: postgres.Sql;
  readonly databaseUrl: string;
  readonly redis: TestRedis;
  stop(): Promise<void>;
}

export async function startWriteSide(): Promise<WriteSide> {
  const [database, redis] = await Promise.all([testDatabase(), testRedis()]);
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, LOG_LEVEL: "error" };
  const service = await startService({ name: "tick-ingest", env });
  const sql = postgres(database.url, { max: 2, onnotice: () => undefined });
  return {
    service,
    url: service.url,
    sql,
    databaseUrl: database.url,
    redis,
    stop: async () => {
      await service.stop();
      await sql.end({ timeout: 2 });
      await Promise.all([database.drop(), redis.drop()]);
    },
  };
}
