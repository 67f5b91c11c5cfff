import { FxClient, type GapsQuery, type QualityJson } from "@fx-ohlc/client";
import { formatTime, type Micros } from "@fx-ohlc/schemas";
import type { Command } from "commander";
import { parseInstant, parseSymbols } from "../arguments.js";
import { type Connection, tokenOption, urlOption } from "../connection.js";
import { type Context, EXIT, type Finish } from "../terminal.js";

interface Flags extends Connection {
  readonly symbol: readonly string[];
  readonly start: Micros;
  readonly end?: Micros;
  readonly gaps?: boolean;
  readonly closed?: boolean;
}

const DETAILS = `
A gap is one or more minutes without a tick while the market was open. --gaps lists them: from, to, seconds, and why
(no_ticks: nothing traded; feed_down: every feed was down; with --closed also market_closed).`;

/** A symbol in a sentence. */
export function describeQuality(quality: QualityJson): string {
  const { symbol, tick_count, open_s, gaps, gap_s, down_s, longest_silence_s, longest_silence_from } = quality;
  const whole = open_s === 0 ? "the market was closed" : `${(100 * (1 - gap_s / open_s)).toFixed(2)} % of its minutes`;
  const silence =
    longest_silence_from === null ? "" : `, the longest silence ${longest_silence_s} s from ${longest_silence_from}`;
  const count = (ticks: number | null) => ticks ?? "an unknown number of";
  return [
    `${symbol}: ${tick_count} ticks, ${whole}; ${gaps} gaps of ${gap_s} s, feeds down in ${down_s} s of them${silence}`,
    `; ${count(quality.late_ticks)} late, ${count(quality.imported_ticks)} imported, ${quality.corrections} corrected, `,
    `${quality.crossed_minutes} minutes with crossed quotes`,
  ].join("");
}

async function tell(flags: Flags, { terminal, signal }: Context): Promise<number> {
  const client = new FxClient(flags);
  const end = flags.end === undefined ? undefined : formatTime(flags.end);
  const range = { start: formatTime(flags.start), end, signal };
  if (flags.gaps !== true && flags.closed !== true) {
    const rows = await client.quality({ ...range, symbols: flags.symbol });
    for (const row of rows) terminal.out(describeQuality(row));
    return EXIT.done;
  }
  for (const symbol of flags.symbol) {
    const query: GapsQuery = { ...range, symbol, closed: flags.closed };
    for await (const gap of client.gaps(query)) {
      terminal.out([gap.symbol, gap.from, gap.to, gap.seconds, gap.reason].join("  "));
    }
  }
  return EXIT.done;
}

/** What is missing of symbols, and why. */
export function addQualityCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command("quality")
    .summary("say what is missing, and why")
    .description("Says what of symbols is missing, came late or was corrected.")
    .requiredOption("--symbol <list>", "symbols, such as EURUSD,GBPUSD", parseSymbols)
    .requiredOption("--start <time>", "from then on, a date or a time", parseInstant)
    .option("--end <time>", "up to just before then; up to now when absent", parseInstant)
    .option("--gaps", "list each gap")
    .option("--closed", "list each gap, and when the market was closed")
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .addHelpText("after", DETAILS)
    .action(async (flags: Flags) => finish(await tell(flags, context)));
}
