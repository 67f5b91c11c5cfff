import { type ChannelName, isChannelName } from "@fx-ohlc/client";
import { type Command, InvalidArgumentError } from "commander";
import { tokenOption, urlOption } from "../connection.js";
import type { Context, Finish } from "../terminal.js";
import { type WatchOptions, watch } from "./watch.js";

function parseChannels(raw: string, before: ChannelName[] | undefined): ChannelName[] {
  if (!isChannelName(raw)) {
    throw new InvalidArgumentError(
      "It must be ticks:SYMBOL, status:SYMBOL or ohlc:SYMBOL:INTERVAL[:bid|ask|quote][@HH:ZONE], with * for every symbol.",
    );
  }
  return [...(before ?? []), raw];
}

const DETAILS = `
In a terminal it shows a table of what is newest; otherwise, one line per tick and bar. A lost connection is opened again,
and what was missed is caught up with. Quotes are shown with both sides; bars are of their mid, and of the bid, of the ask, or of
all of them with the spread where a channel has :bid, :ask or :quote behind its interval. An interval is any of the read side: 1s to
1y, or 100t, bars of a hundred ticks; from 45m or 2h on @17:America/New_York says where the day starts.

Examples:
  $ fx-ticks watch ticks:EURUSD ohlc:EURUSD:minute
  $ fx-ticks watch ohlc:EURUSD:15s ohlc:EURUSD:4h@17:America/New_York
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
      "ticks:EURUSD, status:EURUSD, ohlc:EURUSD:5m, ohlc:EURUSD:5m:bid, ohlc:EURUSD:4h@17:America/New_York, or * for every symbol",
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
