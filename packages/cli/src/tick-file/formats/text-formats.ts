import type { SaidColumns } from "../columns.js";
import type { Table } from "../table.js";
import type { Look } from "../text/look.js";
import { refuseBars } from "./bars.js";
import { binance, kraken } from "./crypto-trades.js";
import { csv } from "./csv.js";
import { duka, dukascopy, dukascopyNode, jforex } from "./dukascopy.js";
import { fxcm } from "./fxcm.js";
import { histdata } from "./histdata.js";
import { lean } from "./lean.js";
import { mt4, mt5 } from "./metatrader.js";
import { polygon } from "./polygon.js";
import type { TextFormat } from "./text-format.js";
import { truefx } from "./truefx.js";

/** In the order in which a text is asked whether it is one; whatever is none of them must be CSV. */
export const TEXT_FORMATS: readonly TextFormat[] = [
  ...[lean, histdata, truefx, mt5, dukascopy, jforex, duka, dukascopyNode, fxcm, polygon, binance, kraken, mt4],
  csv,
];

/**
 * What a text is.
 *
 * @param said its format and its columns, where somebody said them: columns in their order are of no known format
 * @throws UnreadableError when it is no text of ticks
 */
export function tableOf(
  look: Look,
  said: { readonly format?: TextFormat | undefined; readonly columns?: SaidColumns | undefined },
): { readonly table: Table; readonly headed: boolean } {
  const { format: given, columns } = said;
  if (given === undefined && columns === undefined) refuseBars(look);
  const inOrder = columns !== undefined && "inOrder" in columns;
  const format = given ?? (inOrder ? csv : (TEXT_FORMATS.find((known) => known.fits(look)) ?? csv));
  return { table: { format: format.name, ...format.table(look, columns) }, headed: format.isHeaded(look, columns) };
}
