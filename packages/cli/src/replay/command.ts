import { type Command, InvalidArgumentError, Option } from "commander";
import { parseSymbol } from "../arguments.js";
import { feedOption, tokenOption, urlOption } from "../connection.js";
import { addReadingOptions, type ReadingFlags, readingOf } from "../reading-options.js";
import type { Context, Finish } from "../terminal.js";
import { SENT_CHOICES, type SentChoice } from "../tick-file/quote.js";
import { type ReplayOptions, replay } from "./replay.js";

/** A week in a second: beyond it nothing is left of the rhythm. */
const SPEED_MAX = 604_800;

function parseSpeed(raw: string): number {
  const speed = Number(raw);
  if (!(speed > 0 && speed <= SPEED_MAX))
    throw new InvalidArgumentError(`It must be above 0 and at most ${SPEED_MAX}.`);
  return speed;
}

type Flags = ReadingFlags &
  Pick<ReplayOptions, "symbol" | "speed" | "url" | "token" | "feed"> & { readonly price?: SentChoice };

const DETAILS = `
The file is as for import, whatever its format. Its first tick is sent at once, with the time of now, and every other one as long after it as
the file says, divided by the speed.

Exit codes: 0 the file was replayed to its end, 1 stopped by an error, 130 interrupted.

Examples:
  $ fx-ticks replay eurusd.csv.gz --symbol EURUSD
  $ fx-ticks replay eurusd.csv.gz --symbol EURUSD --price mid --speed 60
  $ fx-ticks replay eurusd.csv.gz --symbol EURUSD --feed lp1
`;

export function addReplayCommand(program: Command, context: Context, finish: Finish): void {
  const command = program
    .command("replay")
    .summary("send the ticks of a file as if they happened now")
    .description("Sends the ticks of a file in their own rhythm, their times moved to now.")
    .argument("<file>", "path of the file, or - for standard input")
    .option("--symbol <symbol>", "symbol to send them as, such as EURUSD; what the file says when absent", parseSymbol)
    .addOption(new Option("--price <what>", "what of a quote to send; quote where absent").choices(SENT_CHOICES))
    .option("--speed <factor>", "how many times as fast as it happened", parseSpeed, 1);
  addReadingOptions(command)
    .addOption(feedOption())
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .addHelpText("after", DETAILS)
    .action(async (file: string, { price: choice, ...flags }: Flags) => {
      const { symbol, speed, url, token, feed } = flags;
      finish(await replay({ symbol, speed, url, token, feed, file, choice, reading: readingOf(flags) }, context));
    });
}
