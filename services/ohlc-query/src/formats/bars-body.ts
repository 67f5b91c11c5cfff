import type { BarFormat } from "@fx-ohlc/schemas";
import { NO_BARS } from "../bars/bar-columns.js";
import type { BarPart, Bars } from "../bars/bars.js";
import { type EncodedBars, encodeBars, type RowsContext, tableOf } from "./bar-rows.js";
import { rowsBetween } from "./encoded-rows.js";
import { WRITERS } from "./table-text.js";

/** Rows of each column, or of the only one of a format of rows, each with its separator in front. */
type Encoded = readonly Buffer[];

/** What stands around and between the rows. */
interface Frame {
  readonly openings: readonly string[];
  readonly separatorLength: number;
  readonly closing: string;
}

function frameOf(format: BarFormat, context: RowsContext): Frame {
  const table = tableOf(NO_BARS, format, context);
  if (format !== "columns") {
    const { opening, separator, closing } = WRITERS[format];
    return { openings: [opening(table)], separatorLength: separator.length, closing };
  }
  const openings = table.columns.map(({ name }, i) => `${i === 0 ? "{" : "],"}"${name}":[`);
  return { openings, separatorLength: 1, closing: "]}" };
}

/** Of a chunk, unless the clock says that its last bars run still: then it says so too, whatever the database has closed. */
function encodedPart({ chunk, columns, from, to }: BarPart, format: BarFormat, context: RowsContext): Encoded {
  if (chunk !== undefined && (columns.bucketUs[to - 1] ?? 0) < context.runningUs) {
    return slices(chunk.rowsIn(format), from, to);
  }
  return slices(encodeBars(columns, [from, to], format, context), 0, to - from);
}

function slices(encoded: EncodedBars, from: number, to: number): Encoded {
  return encoded.map((rows) => rowsBetween(rows, from, to));
}

/** The whole text of bars, in as many pieces as they lie in: what chunks hold in this format is not made again, nor copied. */
export function barsBody(bars: Bars, format: BarFormat, context: RowsContext): Buffer[] {
  const { openings, separatorLength, closing } = frameOf(format, context);
  const parts = bars.parts.map((part) => encodedPart(part, format, context));
  const body: Buffer[] = [];
  for (const [column, opening] of openings.entries()) {
    body.push(Buffer.from(opening, "latin1"));
    for (const [i, part] of parts.entries()) {
      const rows = part[column] ?? Buffer.alloc(0);
      body.push(i === 0 ? rows.subarray(separatorLength) : rows);
    }
  }
  body.push(Buffer.from(closing, "latin1"));
  return body;
}
