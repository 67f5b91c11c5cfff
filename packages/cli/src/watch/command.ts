import { type ChannelName, isChannelName } from "@fx-ohlc/client";
import { type Command, InvalidArgumentError } from "commander";
import { tokenOption, urlOption } from "../connection.js";
import type { Context, Finish } from "../terminal.js";
import { type WatchOptions, watch } from "./watch.js";

function parseChannels(raw: string, before: ChannelName[] | undefined): ChannelName[] {
  if (!isChannelName(raw)) {
    throw new InvalidArgumentError(
      "It must be ticks:SYMBOL, status:SYMBOL or ohlc:SYMBOL:minute|hour|day[:bid|ask|quote], with * for every symbol.",
    );
  }
  return [...(before ?? []), raw];
}

const DETAILS = `
In a terminal it shows a table of what is newest; otherwise, one line per tick and bar. A lost connection is opened again,
and what was missed is caught up with. Quotes are shown with both sides; bars are of their mid, and of the bid, of the ask, or of
all of them with the spread where a channel ends in :bid, :ask or :quote.

Examples:
  $ fx-ticks watch ticks:EURUSD ohlc:EURUSD:minute
  $ fx-ticks watch ohlc:EURUSD:minute:bid ohlc:EURUSD:minute:ask
  $ fx-ticks watch 'ticks:*' --json | jq .ticks
`;

export function addWatchCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command("watch")
    .summary("show ticks and bars as they happen")
    .description("Shows ticks and bars as they happen, until it is interrupted.")
    .argument(
      "<channels...>",
      "ticks:EURUSD, status:EURUSD, ohlc:EURUSD:minute, ohlc:EURUSD:minute:bid, or * for every symbol",
      parseChannels,
    )
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .option("--json", "print every event as a line of JSON")
    .addHelpText("after", DETAILS)
    .action(async (channels: ChannelName[], flags: Omit<WatchOptions, "channels">) => {
      finish(await watch({ ...flags, channels }, context));
    });
}
