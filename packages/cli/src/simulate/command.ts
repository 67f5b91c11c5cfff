import { type Command, InvalidArgumentError, Option } from "commander";
import { parseSymbols } from "../arguments.js";
import { feedOption, tokenOption, urlOption } from "../connection.js";
import type { Context, Finish } from "../terminal.js";
import { type SimulateOptions, simulate } from "./simulate.js";

/** More than any symbol has, and more than a service on one machine takes. */
const RATE_MAX = 20_000;

function parseRate(raw: string): number {
  const rate = Number(raw);
  if (!(rate > 0 && rate <= RATE_MAX)) throw new InvalidArgumentError(`It must be above 0 and at most ${RATE_MAX}.`);
  return rate;
}

const DEFAULT_SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "USDCHF"];

const DETAILS = `
Quotes have a spread as the symbol has it in calm hours; --price mid sends single prices. They go on from the newest bar of each
symbol. When the service is away the simulation waits for it.

Examples:
  $ fx-ticks simulate
  $ fx-ticks simulate --symbols EURUSD,USDJPY --rate 50
  $ fx-ticks simulate --feed lp1
`;

export function addSimulateCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command("simulate")
    .summary("send made-up live ticks")
    .description("Sends a random walk per symbol through the public API, until it is interrupted.")
    .addOption(
      new Option("--symbols <list>", "symbols, separated by commas")
        .argParser(parseSymbols)
        .default(DEFAULT_SYMBOLS, DEFAULT_SYMBOLS.join(",")),
    )
    .option("--rate <n>", "ticks per second of each symbol", parseRate, 1)
    .addOption(new Option("--price <what>", "quotes, or single prices").choices(["quote", "mid"]).default("quote"))
    .addOption(feedOption())
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .addHelpText("after", DETAILS)
    .action(async ({ rate: ratePerSecond, ...flags }: Omit<SimulateOptions, "ratePerSecond"> & { rate: number }) => {
      finish(await simulate({ ...flags, ratePerSecond }, context));
    });
}
