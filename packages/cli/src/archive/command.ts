import { type ArchiveJson, FxClient } from "@fx-ohlc/client";
import type { Command } from "commander";
import { type Connection, tokenOption, urlOption } from "../connection.js";
import { type Context, EXIT, type Finish } from "../terminal.js";

const DAY = "2025-12-05".length;

/** A symbol in a sentence. */
export function describeArchive({
  symbol,
  from,
  to,
  days,
  ticks,
  bytes,
  behind_days,
  dropped_to,
}: ArchiveJson): string {
  if (from === null || to === null) return `${symbol}: nothing yet; ${behind_days} days behind`;
  const range = `${from.slice(0, DAY)} up to ${to.slice(0, DAY)}`;
  const behind = behind_days === 0 ? "nothing behind" : `${behind_days} days behind`;
  const dropped = dropped_to === null ? "" : `; in files alone up to ${dropped_to.slice(0, DAY)}`;
  return `${symbol}: ${ticks} ticks of ${days} days, ${range}, in ${(bytes / 1e6).toFixed(1)} MB; ${behind}${dropped}`;
}

async function tell(connection: Connection, { terminal, signal }: Context): Promise<number> {
  const client = new FxClient(connection);
  for await (const row of client.archive({ signal })) terminal.out(describeArchive(row));
  return EXIT.done;
}

/** What is in the archive. */
export function addArchiveCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command("archive")
    .summary("say which days of ticks are in the archive")
    .description("Says of each symbol which days of its ticks are in the archive's files; needs the scope ops.")
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .action(async (connection: Connection) => finish(await tell(connection, context)));
}
