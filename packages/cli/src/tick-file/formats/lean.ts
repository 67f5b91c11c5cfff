import { normalizeSymbol } from "@fx-ohlc/schemas";
import { UnreadableError } from "../tick.js";
import type { NoWallTime, WallTime } from "../time/wall-time.js";
import { compactDateUs, UTC } from "../time/zone.js";
import { always, type TextFormat } from "./text-format.js";

/** `forex/oanda/tick/eurusd/20140501_quote.zip/20140501_eurusd_tick_quote.csv`; without its archive the last part is enough. */
const ENTRY = /(?:^|[/\\])(\d{8})_([a-z0-9.]+)_(?:tick_(quote|trade)|(quote|trade)_tick)\.csv/i;
const SECURITY = /[/\\](forex|cfd|crypto|cryptofuture|equity|future|option|index)[/\\][^/\\]+[/\\]tick[/\\]/i;

const DAY_MS = 86_400_000;

function timeOf(dateUs: number): (text: string) => WallTime | NoWallTime {
  return (text) => {
    const ms = /^\d{1,8}(?:\.\d+)?$/.test(text) ? Number(text) : DAY_MS;
    return ms < DAY_MS ? { wallUs: dateUs + Math.round(ms * 1000), offsetUs: undefined } : "unknown";
  };
}

/** QuantConnect LEAN's ticks: milliseconds since midnight of the day that the file's name says; bid and ask, or a trade's price. */
export const lean: TextFormat = {
  name: "lean",
  about: "QuantConnect LEAN's ticks: 20140501_eurusd_tick_quote.csv (milliseconds since midnight, bid, ask) in UTC",
  fits: ({ path }) => ENTRY.test(path),
  isHeaded: always(false),
  table: ({ path, rows }) => {
    const [, date = "", name, first, second] = ENTRY.exec(path) ?? [];
    if (date === "")
      throw new UnreadableError("its name is not as 20140501_eurusd_tick_quote.csv: of which day is it?");
    const security = SECURITY.exec(path)?.[1]?.toLowerCase();
    if (security !== undefined && !/^(?:forex|cfd|crypto)/.test(security))
      throw new UnreadableError(
        `LEAN's ticks of kind ${security} are in ten-thousandths and of the exchange's zone: only forex, cfd and crypto are read`,
      );
    const isQuote = (first ?? second)?.toLowerCase() === "quote";
    const width = rows[0]?.length ?? 3;
    const sides = width >= 5 ? (["time", "bid", undefined, "ask"] as const) : (["time", "bid", "ask"] as const);
    const known = isQuote ? sides : (["time", "price"] as const);
    const roles = Array.from({ length: width }, (_, index) => known[index]);
    return {
      ...{ names: undefined, model: "a line of LEAN's", roles, symbol: normalizeSymbol(name) },
      times: { zone: UTC, rule: "milliseconds since midnight", read: timeOf(compactDateUs(date)) },
    };
  },
};
