import { normalizeSymbol } from "@fx-ohlc/schemas";
import { parseHourFile } from "./dukascopy-path.js";

/** DAT_ASCII_EURUSD_T_201202.csv, and HISTDATA_COM_ASCII_EURUSD_T201202.zip around it. */
const HISTDATA_NAME = /ASCII_([A-Z0-9]+)_T_?\d{6}/;

/** EURUSD_Ticks_15.01.2024-15.01.2024.csv, as Dukascopy's export calls it. */
const DUKASCOPY_NAME = /(?:^|[/\\])([A-Za-z0-9.]+)_Ticks_[^/\\]*$/;

/** The symbol that a path tells, where a source names its files so that it does. */
export function symbolOfPath(path: string): string | undefined {
  const name = HISTDATA_NAME.exec(path)?.[1] ?? DUKASCOPY_NAME.exec(path)?.[1];
  return parseHourFile(path)?.symbol ?? normalizeSymbol(name);
}

/** Whether a path is named as Dukascopy's hours are: their bytes have no mark of their own. */
export function isBi5Path(path: string): boolean {
  return /\.bi5(?:\.gz)?$/i.test(path);
}
