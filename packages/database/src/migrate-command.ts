#!/usr/bin/env node
import { ConfigError, readEnv } from "@fx-ohlc/service-kit";
import { makeAdminKey } from "./first-key.js";
import { mergeChunks } from "./merge-chunks.js";
import { migrate } from "./migrate.js";
import { mergeOptions, migrateOptions } from "./migrate-options.js";
import { verifyBars } from "./verify-bars.js";
import { verifyOptions } from "./verify-options.js";

const log = (line: string) => void process.stdout.write(`${line}\n`);

const warn = (line: string) => void process.stderr.write(`${line}\n`);

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  migrate: async () => {
    const engine = await migrate({ ...readEnv(process.env, migrateOptions), log });
    log(`the database is up to date (${engine})`);
  },
  // The token alone goes to standard output, so that it can be put where it belongs.
  "admin-key": async () => log(await makeAdminKey({ ...readEnv(process.env, mergeOptions), log: warn })),
  verify: async (args) => {
    const asked = verifyOptions(args);
    const wrong = asked.archive
      ? await (await import("./archive/archive-command.js")).verifyArchiveCommand(asked, process.env, log)
      : await verifyBars({ ...asked, ...readEnv(process.env, mergeOptions), log });
    if (wrong > 0) process.exitCode = 1;
  },
  // What it takes is loaded by nobody else.
  archive: async (args) => (await import("./archive/archive-command.js")).archiveCommand(args, process.env, log),
  rebuild: async () => (await import("./archive/rebuild-command.js")).rebuildCommand(process.env, log),
  "merge-chunks": () => mergeChunks({ ...readEnv(process.env, mergeOptions), log }),
};

/** What one of the others is given would be ignored, and whoever gave it believe that it was not. */
const WITH_ARGUMENTS: ReadonlySet<string> = new Set(["verify", "archive"]);

async function main(name = "migrate", ...args: readonly string[]): Promise<void> {
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`there is no command ${name}, but ${Object.keys(COMMANDS).join(", ")}`);
  if (args.length > 0 && !WITH_ARGUMENTS.has(name))
    throw new Error(`${name} takes no arguments, and was given ${args.join(" ")}`);
  await command(args);
}

main(...process.argv.slice(2)).catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `fx-migrate: ${error instanceof ConfigError ? reason : reason || "the database cannot be reached"}\n`,
  );
  process.exitCode = 1;
});
