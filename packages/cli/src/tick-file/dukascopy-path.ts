import { type Micros, normalizeSymbol, parseTime } from "@fx-ohlc/schemas";

/** The end of a bi5 file's address, or of a name that a downloader made of it: EURUSD/2024/00/15/10h_ticks.bi5. */
const HOUR_FILE = /(?:^|[/\\_-])([A-Za-z0-9]+)[/\\_-](\d{4})[/\\_-](\d{2})[/\\_-](\d{2})[/\\_-](\d{2})h_ticks\.bi5$/;

/** What a bi5 file does not say itself. */
export interface HourFile {
  readonly symbol: string;
  /** The start of its hour. */
  readonly hourUs: Micros;
}

/**
 * Reads the symbol and the hour from the path of a bi5 file.
 *
 * @returns undefined when the path does not tell them, or tells an hour that there is none
 */
export function parseHourFile(path: string): HourFile | undefined {
  const [, name, year, month = "", day, hour] = HOUR_FILE.exec(path) ?? [];
  // Months count from 0 there: 00 is January.
  const calendarMonth = String(Number(month) + 1).padStart(2, "0");
  const hourUs = parseTime(`${year}-${calendarMonth}-${day}T${hour}:00:00Z`);
  const symbol = normalizeSymbol(name);
  return symbol === undefined || hourUs === undefined ? undefined : { symbol, hourUs };
}

/** Currencies whose pairs are quoted in hundred-thousandths. */
const FIVE_DECIMALS = new Set("AUD CAD CHF CNH DKK EUR GBP HKD MXN NOK NZD PLN SEK SGD TRY USD ZAR".split(" "));
/** Currencies that are quoted in thousandths of yen or forints. */
const AGAINST_THREE_DECIMALS = new Set("AUD CAD CHF CNH EUR GBP NZD PLN SGD TRY USD ZAR".split(" "));
/** Currencies that gold and silver are quoted in, in thousandths. */
const AGAINST_METALS = new Set("AUD CAD CHF EUR GBP NZD USD".split(" "));

/**
 * The decimals of a symbol's prices in bi5 files, which hold whole points. Only what is the same throughout Dukascopy's
 * instruments is told here; what is not known is asked for, since a guess would be wrong by a factor of ten.
 */
export function knownDecimals(symbol: string): number | undefined {
  const [base, quoted] = [symbol.slice(0, 3), symbol.slice(3)];
  if (symbol === "NZDHKD") return undefined;
  if (FIVE_DECIMALS.has(base) && FIVE_DECIMALS.has(quoted)) return 5;
  if (AGAINST_THREE_DECIMALS.has(base) && (quoted === "JPY" || quoted === "HUF")) return 3;
  return (base === "XAU" || base === "XAG") && AGAINST_METALS.has(quoted) ? 3 : undefined;
}
