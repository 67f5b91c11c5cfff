import {
  isClosedThroughout,
  type MarketSession,
  parseSession,
  parseTime,
  type Side,
  type SymbolJson,
  type SymbolKind,
  sessionBoundary,
  sidedName,
  startOfNamedDay,
  UDF_RESOLUTIONS,
  type UdfSymbol,
  US_PER_DAY,
} from "@fx-ohlc/schemas";

export const EXCHANGE = "FX";
export const RESOLUTIONS = [...UDF_RESOLUTIONS.keys()];
const INTRADAY = RESOLUTIONS.filter((name) => /^\d+$/.test(name));
const SECONDS = RESOLUTIONS.filter((name) => /^\d+S$/.test(name)).map((name) => name.slice(0, -1));

/** Those of EURUSD, for a symbol without a price. */
const DIGITS_DEFAULT = 5;

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

/** TradingView's words for what symbols stand for; it has none for others. */
const TYPES: Readonly<Partial<Record<string, string>>> = { fx: "forex", metal: "commodity" } satisfies Partial<
  Record<SymbolKind, string>
>;

export function symbolType(kind: string): string {
  return TYPES[kind] ?? kind;
}

/** TradingView's name for a zone: it knows UTC as Etc/UTC only. */
function zoneName(timezone: string): string {
  return timezone === "UTC" ? "Etc/UTC" : timezone;
}

/** What the charting library calls a symbol, or one side of its quotes, and what it says of it. */
export function namesOf(symbol: string, description: string | null, side: Side | undefined) {
  const text = description ?? symbol;
  if (side === undefined) return { ticker: symbol, description: text };
  return { ticker: sidedName(symbol, side), description: `${text} (${side})` };
}

/** What `resolveSymbol` of the charting library is given: its `LibrarySymbolInfo`. */
export function symbolInfo({ symbol, description, kind, digits, ...known }: SymbolJson, side?: Side): UdfSymbol {
  const session = parseSession(known.session) ?? "always";
  const names = namesOf(symbol, description, side);
  return {
    ...{ name: names.ticker, ...names, type: symbolType(kind) },
    ...{ exchange: EXCHANGE, listed_exchange: EXCHANGE },
    ...{ session: sessionText(session), timezone: zoneName(sessionBoundary(session).timezone) },
    ...{ format: "price", minmov: 1, pricescale: 10 ** (digits ?? DIGITS_DEFAULT) },
    ...{ supported_resolutions: RESOLUTIONS, intraday_multipliers: INTRADAY },
    ...{ has_seconds: true, seconds_multipliers: SECONDS },
    ...{ has_intraday: true, has_daily: true, has_weekly_and_monthly: true },
    ...{ visible_plots_set: "ohlcv", volume_precision: 0, data_status: "streaming" },
  };
}
