import { normalizeSymbol } from "@fx-ohlc/schemas";
import { rolesOf } from "../columns.js";
import { fileNameOf } from "../file-name.js";
import { epochUnit } from "../time/epoch.js";
import { always, isNumber, lowerNames, mostRows, namesOf, rolesByName, type TextFormat } from "./text-format.js";

const KRAKEN_NAME = /^([A-Z0-9]{5,12})\.csv/;
/** BTCUSDT-trades-2024-01.csv, and futures by their own names: BTCUSD_PERP, BTCUSD_240329. */
const BINANCE_NAME =
  /^([A-Z0-9]+)-(?:trades|aggTrades)-\d{4}-\d{2}(?:-\d{2})?\.|^([A-Z0-9]+_(?:PERP|\d{6}))(?![A-Z0-9])/;

function binanceSymbol(path: string): string | undefined {
  const [, spot, future] = BINANCE_NAME.exec(fileNameOf(path)) ?? [];
  return normalizeSymbol(spot ?? future);
}

/**
 * Kraken's time and sales: `1381095255,123.61,0.1` (seconds, price, volume), in files named by their pair. Where the third number is
 * always next to the second it may be an ask, and somebody has to say what it is.
 */
export const kraken: TextFormat = {
  name: "kraken",
  about: "Kraken's trades: 1381095255,123.61,0.1 (seconds, price, volume) in XBTUSD.csv",
  fits: (look) => {
    if (!KRAKEN_NAME.test(fileNameOf(look.path)) || look.rows[0]?.length !== 3) return false;
    const isTrade = ([time = "", price, volume]: readonly string[]) =>
      epochUnit(time) === "s" && isNumber(price) && isNumber(volume);
    const isNear = ([, price, volume]: readonly string[]) => Math.abs(Number(volume) / Number(price) - 1) < 0.1;
    return mostRows(look, isTrade) && !look.rows.every(isNear);
  },
  isHeaded: always(false),
  table: ({ path }) => ({
    names: undefined,
    model: "a line of Kraken's",
    roles: ["time", "price", undefined],
    times: {},
    symbol: normalizeSymbol(KRAKEN_NAME.exec(fileNameOf(path))?.[1]),
  }),
};

const isBoolean = (text: string | undefined) => /^(?:true|false)$/i.test(text ?? "");

/** Columns of a line without a header: id, price, quantity … time; an aggregated trade has two more ids before its time. */
function binanceWidth(fields: readonly string[]): 6 | 7 | 8 | undefined {
  if (!fields.slice(0, 3).every(isNumber)) return undefined;
  const [quantity, time] = [fields[3], fields[4]];
  const isTrade = isNumber(quantity) && epochUnit(time ?? "") !== undefined && isBoolean(fields[5]);
  if (isTrade && (fields.length === 6 || (fields.length === 7 && isBoolean(fields[6]))))
    return fields.length === 6 ? 6 : 7;
  const isAggregate = isNumber(fields[4]) && epochUnit(fields[5] ?? "") !== undefined && isBoolean(fields[6]);
  if (isAggregate && fields.length === 7) return 7;
  return isAggregate && fields.length === 8 && isBoolean(fields[7]) ? 8 : undefined;
}

/** Binance's public data: trades and aggregated trades, with a header or without, in milliseconds or microseconds. */
export const binance: TextFormat = {
  name: "binance",
  about: "Binance's public trades and aggTrades, BTCUSDT-trades-2024-01.zip",
  fits: (look) => {
    const names = lowerNames(look);
    const isNamed = names.includes("is_buyer_maker") && names.includes("price");
    return isNamed || mostRows(look, (fields) => binanceWidth(fields) !== undefined);
  },
  isHeaded: (look) => lowerNames(look).includes("price"),
  table: (look, said) => {
    const symbol = binanceSymbol(look.path);
    const names = lowerNames(look);
    if (names.includes("price")) {
      const time = names.includes("transact_time") ? "transact_time" : "time";
      const roles = said === undefined ? rolesByName(look, { price: "price", time }) : rolesOf(namesOf(look), said);
      return { names: namesOf(look), model: "the header", roles, times: {}, symbol };
    }
    const first = look.rows[0] ?? [];
    const timeIndex = epochUnit(first[4] ?? "") !== undefined && isBoolean(first[5]) ? 4 : 5;
    const roles = first.map((_, index) => (index === 1 ? "price" : index === timeIndex ? "time" : undefined));
    return { names: undefined, model: "a line of Binance's", roles, times: {}, symbol };
  },
};
