import { formatTime, type Micros, normalizeSymbol, parseTime } from "@fx-ohlc/schemas";

/** The end of a bi5 file's address, or of a name that a downloader made of it: EURUSD/2024/00/15/10h_ticks.bi5. */
const HOUR_FILE = /(?:^|[/\\_-])([A-Za-z0-9]+)[/\\_-](\d{4})[/\\_-](\d{2})[/\\_-](\d{2})[/\\_-](\d{2})h_ticks\.bi5$/;

/** What a bi5 file does not say itself. */
export interface HourFile {
  readonly symbol: string;
  /** The start of its hour. */
  readonly hourUs: Micros;
}

/** What January is called in a path: Dukascopy counts months from 00, and people who keep the files often from 01. */
export const MONTH_COUNTS = ["from-0", "from-1"] as const;
export type MonthCount = (typeof MONTH_COUNTS)[number];

/**
 * Reads the symbol and the hour from the path of a bi5 file.
 *
 * @returns undefined when the path does not tell them, or tells an hour that there is none
 */
export function parseHourFile(path: string, months: MonthCount | "either"): HourFile | undefined {
  const [, name, year, month = "", day, hour] = HOUR_FILE.exec(path) ?? [];
  if (months === "either") return parseHourFile(path, "from-0") ?? parseHourFile(path, "from-1");
  const calendarMonth = String(Number(month) + (months === "from-0" ? 1 : 0)).padStart(2, "0");
  const hourUs = parseTime(`${year}-${calendarMonth}-${day}T${hour}:00:00Z`);
  const symbol = normalizeSymbol(name);
  return symbol === undefined || hourUs === undefined ? undefined : { symbol, hourUs };
}

const dayOf = ({ hourUs }: HourFile) => formatTime(hourUs).slice(0, 10);

/** How the months of some files are counted: what one path shows is true of those beside it. */
export class Months {
  #shown: MonthCount | undefined;

  constructor(private readonly said: MonthCount | undefined) {}

  /** Takes note of a path: only who counts from 00 has a month 00. */
  see(path: string): void {
    if (HOUR_FILE.exec(path)?.[3] === "00") this.#shown = "from-0";
  }

  /**
   * The hour that a path tells.
   *
   * @returns undefined when it tells none
   * @throws Error when that depends on how months are counted, which nobody has said
   */
  hourOf(path: string): HourFile | undefined {
    this.see(path);
    const [zero, one] = MONTH_COUNTS.map((months) => parseHourFile(path, months));
    const counted = this.said ?? this.#shown;
    if (counted !== undefined) return counted === "from-0" ? zero : one;
    if (one === undefined) return zero;
    const [, , , month, day] = HOUR_FILE.exec(path) ?? [];
    if (zero === undefined) {
      throw new Error(
        `months in Dukascopy's paths count from 00, and there is no day ${day} in the one after ${month}: if ${month} is ${dayOf(one)} here, say --months from-1`,
      );
    }
    throw new Error(
      `whether its path means ${dayOf(zero)} (months count from 00, as at Dukascopy) or ${dayOf(one)} is not certain: say --months from-0 or --months from-1`,
    );
  }
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
