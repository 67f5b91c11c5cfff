import { normalizeSymbol } from "@fx-ohlc/schemas";
import { UnreadableError } from "../tick.js";
import type { NoWallTime, WallTime } from "../time/wall-time.js";
import { compactDateUs, UTC, type Zone, zoneOf } from "../time/zone.js";
import { always, type TextFormat } from "./text-format.js";

/** `forex/oanda/tick/eurusd/20140501_quote.zip/20140501_eurusd_tick_quote.csv`; without its archive the last part is enough. */
const ENTRY = /(?:^|[/\\])(\d{8})_([a-z0-9.]+)_(?:tick_(quote|trade)|(quote|trade)_tick)\.csv/i;
const SECURITY = /[/\\](forex|cfd|crypto|cryptofuture|equity|future|option|index)[/\\]([^/\\]+)[/\\]tick[/\\]/i;

/** UTC-5 all year, as LEAN's database of market hours has it of all that is FXCM's. */
const FXCM_ZONE = zoneOf("-05:00");

const DAY_MS = 86_400_000;

function timeOf(dateUs: number): (text: string) => WallTime | NoWallTime {
  return (text) => {
    const [, ms = DAY_MS, fraction = ""] = /^(\d{1,8})(?:\.(\d+))?$/.exec(text) ?? [];
    if (Number(ms) >= DAY_MS) return "unknown";
    // Finer ones are cut, as everywhere.
    const us = Number(ms) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"));
    return { wallUs: dateUs + us, offsetUs: undefined };
  };
}

/** The zone of a market's times; undefined where the path says no market, or one that is not known. */
function zoneOfMarket(security: string | undefined, market: string | undefined): Zone | undefined {
  if (security?.startsWith("crypto") || market === "oanda") return UTC;
  return market === "fxcm" ? FXCM_ZONE : undefined;
}

/** QuantConnect LEAN's ticks: milliseconds since midnight of the day that the file's name says; bid and ask, or a trade's price. */
export const lean: TextFormat = {
  name: "lean",
  about:
    "QuantConnect LEAN's ticks: 20140501_eurusd_tick_quote.csv (milliseconds since midnight, bid, ask); by their path forex/oanda/… and crypto/… in UTC, forex/fxcm/… in UTC-5, else --timezone",
  fits: ({ path }) => ENTRY.test(path),
  isHeaded: always(false),
  table: ({ path, rows }) => {
    const [, date = "", name, first, second] = ENTRY.exec(path) ?? [];
    if (date === "")
      throw new UnreadableError("its name is not as 20140501_eurusd_tick_quote.csv: of which day is it?");
    const [security, market] = (SECURITY.exec(path) ?? []).slice(1).map((part) => part.toLowerCase());
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
      times: {
        zone: zoneOfMarket(security, market),
        rule: "milliseconds since midnight",
        read: timeOf(compactDateUs(date)),
      },
    };
  },
};
