import { US_PER_MINUTE } from "@fx-ohlc/schemas";
import { areBars } from "../columns.js";
import type { Look } from "../text/look.js";
import { UnreadableError } from "../tick.js";
import { wallTime } from "../time/wall-time.js";
import { isNumber, mostRows } from "./text-format.js";

const BARS = "these are bars, not ticks: an open, a high, a low and a close tell no order of prices";

/** Names that sources give files of bars: HistData's M1 (DAT_ASCII_EURUSD_M1_2024) Binance's klines, and LEAN's minutes. */
const NAME =
  /DAT_(?:ASCII|MT|NT|MS|XLSX)_[A-Z0-9]+_M1_|-\d+[smhdwM]-\d{4}-\d{2}|\d{8}_[a-z0-9.]+_(?:second|minute)_(?:quote|trade)\.csv/;

/** Whether four numbers in a row can be an open, a high, a low and a close. */
function isBar([open = 0, high = 0, low = 0, close = 0]: readonly number[]): boolean {
  return high >= Math.max(open, low, close) && low <= Math.min(open, high, close) && low > high * 0.8;
}

/** Whether it is a time on the minute: ticks have seconds, and bars of seconds are told by their header. */
function isOnMinute(text: string): boolean {
  if (/^\d{10}(?:\d{3}|\d{6})?$/.test(text)) return Number(text.slice(0, 10)) % 60 === 0;
  const wall = wallTime(text, "dmy");
  return typeof wall === "object" && wall.wallUs % US_PER_MINUTE === 0;
}

/** Whether four prices follow a time, or a date and a time; there may be a symbol before them. */
function isRowOfBars(fields: readonly string[]): boolean {
  return [1, 2, 3].some((first) => {
    const prices = fields.slice(first, first + 4);
    const isTimed = [0, 1].some((from) => isOnMinute(fields.slice(from, first).join(" ")));
    return prices.length === 4 && prices.every((field) => isNumber(field)) && isBar(prices.map(Number)) && isTimed;
  });
}

/** @throws UnreadableError when it is a file of bars */
export function refuseBars(look: Look): void {
  const [first = []] = look.rows;
  const isNamed = NAME.test(look.path) && mostRows(look, (fields) => fields.length >= 6);
  const isHeaded = !first.some((field) => /^\d/.test(field));
  if (isNamed || (isHeaded ? areBars(first) : mostRows(look, isRowOfBars))) throw new UnreadableError(BARS);
}

/** @throws UnreadableError when a table names its columns as one of bars does */
export function refuseBarNames(names: readonly string[]): void {
  if (areBars(names)) throw new UnreadableError(BARS);
}
