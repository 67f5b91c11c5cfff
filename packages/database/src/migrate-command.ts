#!/usr/bin/env node
import { ConfigError, readEnv } from "@fx-ohlc/service-kit";
import { migrate } from "./migrate.js";
import { migrateOptions } from "./migrate-options.js";

async function main(): Promise<void> {
  const options = readEnv(process.env, migrateOptions);
  const engine = await migrate({ ...options, log: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`the database is up to date (${engine})\n`);
}

main().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `fx-migrate: ${error instanceof ConfigError ? reason : reason || "the database cannot be reached"}\n`,
  );
  process.exitCode = 1;
});
