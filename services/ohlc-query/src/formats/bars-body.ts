import { createHash } from "node:crypto";
import { NO_BARS } from "../bars/bar-columns.js";
import type { BarPart, Bars } from "../bars/bars.js";
import type { Chunk } from "../bars/chunk.js";
import type { BarForm } from "./bar-form.js";
import { encodeBars, type RowsContext, tableOf } from "./bar-rows.js";
import { type EncodedRows, rowsBetween } from "./encoded-rows.js";
import { WRITERS } from "./table-text.js";

/** A stretch of an answer's text; of one that is all that a chunk holds in this form, which. */
export interface BodyPiece {
  readonly raw: Buffer;
  readonly whole?: { readonly chunk: Chunk; readonly rows: EncodedRows };
}

/** What stands around and between the rows. */
interface Frame {
  readonly openings: readonly string[];
  readonly separatorLength: number;
  readonly closing: string;
}

function frameOf(form: BarForm, context: RowsContext): Frame {
  const { format } = form;
  const table = tableOf(NO_BARS, form, context);
  if (format !== "columns") {
    const { opening, separator, closing } = WRITERS[format];
    return { openings: [opening(table)], separatorLength: separator.length, closing };
  }
  const openings = table.columns.map(({ name }, i) => `${i === 0 ? "{" : "],"}"${name}":[`);
  return { openings, separatorLength: 1, closing: "]}" };
}

/** The bars of an answer in a form: what chunks hold in it is neither made again nor copied. */
export class BarsBody {
  readonly #bars: Bars;
  readonly #form: BarForm;
  readonly #context: RowsContext;
  #pieces: readonly BodyPiece[] | undefined;

  constructor(bars: Bars, form: BarForm, context: RowsContext) {
    this.#bars = bars;
    this.#form = form;
    this.#context = context;
  }

  /** The whole text, in order. */
  get pieces(): readonly BodyPiece[] {
    this.#pieces ??= this.#make();
    return this.#pieces;
  }

  /**
   * Its rows as a part of a longer answer in a format of rows: with what stands in front of all, when they are the first of it.
   *
   * @param isOpen whether anything of the answer was sent
   * @param hasRows whether any row was
   */
  rowsAfter(isOpen: boolean, hasRows: boolean): Buffer {
    const { openings, separatorLength } = frameOf(this.#form, this.#context);
    const rows = this.#bars.parts.flatMap((part) => this.#encoded(part).map(({ raw }) => raw));
    const [first, ...others] = rows;
    if (!hasRows && first !== undefined) rows.splice(0, rows.length, first.subarray(separatorLength), ...others);
    return Buffer.concat(isOpen ? rows : [...openings.map((text) => Buffer.from(text, "latin1")), ...rows]);
  }

  /** What stands behind all rows. */
  get closing(): string {
    return frameOf(this.#form, this.#context).closing;
  }

  get length(): number {
    return this.pieces.reduce((sum, { raw }) => sum + raw.length, 0);
  }

  /**
   * A strong validator: other bytes have another one. It is made of digests, and those of what chunks hold are kept: who asks the
   * same again costs no look at the bars.
   */
  get tag(): string {
    const hash = createHash("sha256");
    for (const opening of frameOf(this.#form, this.#context).openings) hash.update(opening);
    for (const part of this.#bars.parts) hash.update(this.#digestOf(part));
    return `"${hash.digest("base64url")}"`;
  }

  #digestOf(part: BarPart): Buffer {
    const { chunk, from, to } = part;
    if (chunk !== undefined && this.#isClosed(part)) return chunk.digestOf(this.#form, from, to);
    const hash = createHash("sha256").update(`${to - from}`);
    for (const { raw } of this.#encoded(part)) hash.update(raw);
    return hash.digest();
  }

  #make(): BodyPiece[] {
    const { openings, separatorLength, closing } = frameOf(this.#form, this.#context);
    const parts = this.#bars.parts.map((part) => this.#encoded(part));
    const pieces: BodyPiece[] = [];
    for (const [column, opening] of openings.entries()) {
      pieces.push({ raw: Buffer.from(opening, "latin1") });
      for (const [i, part] of parts.entries()) {
        const rows = part[column] ?? { raw: Buffer.alloc(0) };
        pieces.push(i === 0 && separatorLength > 0 ? { raw: rows.raw.subarray(separatorLength) } : rows);
      }
    }
    pieces.push({ raw: Buffer.from(closing, "latin1") });
    return pieces;
  }

  /** In a chunk, unless the clock says that its last bars run still: then the answer says so too, whatever the database has closed. */
  #isClosed({ chunk, columns, to }: BarPart): boolean {
    return chunk !== undefined && (columns.bucketUs[to - 1] ?? 0) < this.#context.runningUs;
  }

  #encoded(part: BarPart): readonly BodyPiece[] {
    const { chunk, columns, from, to } = part;
    if (chunk === undefined || !this.#isClosed(part)) {
      return encodeBars(columns, [from, to], this.#form, this.#context).map(({ bytes }) => ({ raw: bytes }));
    }
    const isWhole = from === 0 && to === chunk.count;
    return chunk.rowsIn(this.#form).map((rows) => ({
      raw: rowsBetween(rows, from, to),
      ...(isWhole ? { whole: { chunk, rows } } : {}),
    }));
  }
}
