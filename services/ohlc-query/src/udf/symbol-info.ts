import {
  isClosedThroughout,
  type MarketSession,
  parseTime,
  sessionBoundary,
  startOfNamedDay,
  UDF_RESOLUTIONS,
  type UdfSymbol,
  US_PER_DAY,
} from "@fx-ohlc/schemas";
import type { BarRows } from "../formats/bar-table.js";

export const EXCHANGE = "FX";
export const RESOLUTIONS = [...UDF_RESOLUTIONS.keys()];
const INTRADAY = RESOLUTIONS.filter((name) => /^\d+$/.test(name));

/** Quotes have at most so many decimals; what a computed price has beyond is noise. */
const DECIMALS_MAX = 8;
/** Those of EURUSD, for a symbol without a bar. */
const DECIMALS_DEFAULT = 5;

/** Decimals a price is printed with. */
function decimalsOf(price: number): number {
  const [mantissa = "", exponent = "0"] = String(price).split("e");
  return Math.max(0, (mantissa.split(".")[1]?.length ?? 0) - Number(exponent));
}

/** Ten to the decimals that the prices of some bars have. */
export function priceScale({ open, high, low, close }: BarRows): number {
  const prices = [...open, ...high, ...low, ...close].filter((price) => price !== null);
  const decimals = prices.length === 0 ? DECIMALS_DEFAULT : Math.max(...prices.map(decimalsOf));
  return 10 ** Math.min(decimals, DECIMALS_MAX);
}

/** TradingView counts the days of the week from Sunday, 1. */
const A_SUNDAY = (parseTime("2024-01-07T00:00:00Z") ?? 0) / US_PER_DAY;

/** A session in TradingView's words: from the hour where the market's day starts to the next, on the days it is open. */
export function sessionText(session: MarketSession): string {
  if (session === "always") return "24x7";
  const boundary = sessionBoundary(session);
  const isOpen = (date: number) =>
    !isClosedThroughout(session, startOfNamedDay(date, boundary), startOfNamedDay(date + 1, boundary));
  const days = [1, 2, 3, 4, 5, 6, 7].filter((day) => isOpen(A_SUNDAY + day - 1));
  const hour = `${String(boundary.hour).padStart(2, "0")}00`;
  return `${hour}-${hour}:${days.join("")}`;
}

export function symbolType(session: MarketSession): string {
  return session === "always" ? "crypto" : "forex";
}

/** TradingView's name for a zone: it knows UTC as Etc/UTC only. */
function zoneName(timezone: string): string {
  return timezone === "UTC" ? "Etc/UTC" : timezone;
}

/** What `resolveSymbol` of the charting library is given: its `LibrarySymbolInfo`. */
export function symbolInfo(symbol: string, session: MarketSession, newest: BarRows): UdfSymbol {
  return {
    ...{ name: symbol, ticker: symbol, description: symbol, type: symbolType(session) },
    ...{ exchange: EXCHANGE, listed_exchange: EXCHANGE },
    ...{ session: sessionText(session), timezone: zoneName(sessionBoundary(session).timezone) },
    ...{ format: "price", minmov: 1, pricescale: priceScale(newest) },
    ...{ supported_resolutions: RESOLUTIONS, intraday_multipliers: INTRADAY },
    ...{ has_intraday: true, has_daily: true, has_weekly_and_monthly: true },
    ...{ visible_plots_set: "ohlcv", volume_precision: 0, data_status: "streaming" },
  };
}
