import { normalizeSymbol } from "@fx-ohlc/schemas";
import { parseHourFile } from "./formats/dukascopy-path.js";

/** What lies in an archive is named by its member, and by the archive where that says nothing. */
const IN_ARCHIVE = /\.zip[/\\]/i;

/** EURUSD_Ticks_15.01.2024-15.01.2024.csv, as Dukascopy's export calls it, and EURUSD.r_202401020000_202401022359.csv of MetaTrader. */
const EXACT_NAMES = [
  /^([A-Za-z0-9.]+)_Ticks_/,
  /^([A-Za-z0-9.#+-]+)_\d{8,12}_\d{8,12}(?:\.|$)/,
  // A future is not what it is of: BTCUSD_PERP, and BTCUSD_240329 as Binance dates its files behind it.
  /^([A-Z0-9]+_PERP)(?![A-Za-z0-9])/,
  /^([A-Z0-9]+_\d{6})-[A-Za-z]+-\d{4}-\d{2}/,
];

/** What money and metals are called in the names of pairs. */
const CODES = new Set(
  `AED ARS AUD BGN BRL CAD CHF CLP CNH CNY COP CZK DKK EUR GBP HKD HUF IDR ILS INR ISK JPY KRW KZT MXN MYR NOK NZD PEN PHP PKR PLN
  QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR XAU XAG XPT XPD BTC XBT ETH LTC XRP BCH ADA DOT SOL BNB`.split(
    /\s+/,
  ),
);
const QUOTED_CODES = new Set([...CODES, "USDT", "USDC"]);

const PAIR = /(?<![A-Za-z0-9])([A-Za-z]{3})[-_]?([A-Za-z]{3,4})(?![A-Za-z]|[-_](?:PERP|perp))/g;

/** The last part of a path. */
export function fileNameOf(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? "";
}

/** The one pair of currencies that a name has; undefined where it has none or several. */
function pairIn(name: string): string | undefined {
  const pairs = new Set<string>();
  for (const [, base = "", quoted = ""] of name.matchAll(PAIR)) {
    if (CODES.has(base.toUpperCase()) && QUOTED_CODES.has(quoted.toUpperCase()))
      pairs.add(`${base}${quoted}`.toUpperCase());
  }
  const [pair] = pairs;
  return pairs.size === 1 ? pair : undefined;
}

function symbolOfName(name: string): string | undefined {
  for (const pattern of EXACT_NAMES) {
    const symbol = normalizeSymbol(pattern.exec(name)?.[1]);
    if (symbol !== undefined) return symbol;
  }
  return pairIn(name);
}

/** The symbol that a path tells, where a file is named so that it does. */
export function symbolOfPath(path: string): string | undefined {
  const names = path.split(IN_ARCHIVE).map(fileNameOf);
  return (
    parseHourFile(path, "either")?.symbol ??
    names
      .toReversed()
      .map(symbolOfName)
      .find((symbol) => symbol !== undefined)
  );
}

/** Whether a path is named as Dukascopy's hours are: their bytes have no mark of their own. */
export function isBi5Path(path: string): boolean {
  return /\.bi5(?:\.(?:gz|bz2|xz))?$/i.test(path);
}
