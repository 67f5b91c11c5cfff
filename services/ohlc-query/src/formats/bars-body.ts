import { createHash } from "node:crypto";
import { eachColumn, NO_BARS, placeOf } from "../bars/bar-columns.js";
import type { BarPart, Bars } from "../bars/bars.js";
import type { Chunk } from "../bars/chunk.js";
import { fingerprintOf, sumOf } from "../bars/fingerprint.js";
import { eachQuoteColumn } from "../bars/quote-columns.js";
import type { BarForm } from "./bar-form.js";
import { encodeBars, type RowsContext, tableOf } from "./bar-rows.js";
import { type EncodedRows, rowsBetween } from "./encoded-rows.js";
import { WRITERS } from "./table-text.js";

/** All that a chunk holds in a form, or all of it but the first row. */
export interface WholeRows {
  readonly chunk: Chunk;
  readonly rows: EncodedRows;
  readonly isFirstLeftOut: boolean;
}

/** A stretch of an answer's text, and of which chunk it is all. */
export interface BodyPiece {
  readonly raw: Buffer;
  readonly whole?: WholeRows;
}

/** Without the separator in front of the first row, which stands by itself: what follows it may be kept compressed. */
function withoutSeparator({ raw, whole }: BodyPiece, separatorLength: number): BodyPiece[] {
  if (whole === undefined) return [{ raw: raw.subarray(separatorLength) }];
  const firstLength = whole.rows.offsets[1] ?? raw.length;
  const first = { raw: raw.subarray(separatorLength, firstLength) };
  return [first, { raw: raw.subarray(firstLength), whole: { ...whole, isFirstLeftOut: true } }];
}

/** What stands around and between the rows. */
interface Frame {
  readonly openings: readonly Buffer[];
  readonly separatorLength: number;
  readonly closing: string;
}

/** By form, and whether bars have the names of days: nothing else is in them. */
const frames = new Map<string, Frame>();

function frameOf(form: BarForm, context: RowsContext): Frame {
  const key = `${form.key} ${context.dayBoundary !== undefined}`;
  const known = frames.get(key);
  if (known !== undefined) return known;
  const frame = frameMade(form, context);
  frames.set(key, frame);
  return frame;
}

function frameMade(form: BarForm, context: RowsContext): Frame {
  const { format } = form;
  const bytes = (text: string) => Buffer.from(text, "latin1");
  const table = tableOf(NO_BARS, form, context);
  if (format !== "columns") {
    const { opening, separator, closing } = WRITERS[format];
    return { openings: [bytes(opening(table))], separatorLength: separator.length, closing };
  }
  const openings = table.columns.map(({ name }, i) => bytes(`${i === 0 ? "{" : "],"}"${name}":[`));
  return { openings, separatorLength: 1, closing: "]}" };
}

/** Written as an answer writes its bars, it tells from one another the symbols, boundaries and ways to write. */
const ANY_BAR = {
  ...eachColumn((name) => [name === "bucketUs" ? 0 : 0.5]),
  quotes: eachQuoteColumn((name) => [/^(?:bid|ask|spreadM)/.test(name) ? 0.5 : 1]),
};

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
    return Buffer.concat(isOpen ? rows : [...openings, ...rows]);
  }

  /** Rows whose text is not at hand: of a chunk that is not encoded yet, all that it holds. */
  get rowsToMake(): number {
    return this.#bars.parts.reduce((sum, part) => sum + this.#rowsToMake(part), 0);
  }

  #rowsToMake(part: BarPart): number {
    const { chunk, from, to } = part;
    if (chunk === undefined || !this.#isClosed(part)) return to - from;
    return chunk.isEncodedIn(this.#form) ? 0 : chunk.count;
  }

  /** What stands behind all rows. */
  get closing(): string {
    return frameOf(this.#form, this.#context).closing;
  }

  get length(): number {
    return this.pieces.reduce((sum, { raw }) => sum + raw.length, 0);
  }

  /**
   * A strong validator: other bytes have another one, and the same bars the same one, whatever of them lies in whose memory. It is
   * made of fingerprints, and those of what chunks hold are kept: who asks the same again costs no look at the bars.
   */
  get tag(): string {
    const { parts } = this.#bars;
    const [only] = parts;
    const running = parts.reduce((sum, part) => sum + this.#runningOf(part), 0);
    const make = () => this.#tagWith(running);
    return this.onlyChunk?.tagOf(`${this.#form.key} ${only?.from} ${only?.to}`, make) ?? make();
  }

  #tagWith(running: number): string {
    const { parts, count } = this.#bars;
    const { dayBoundary } = this.#context;
    // Days of one zone may be named as those of another at one time and not at another.
    const naming = dayBoundary === undefined ? "" : `${dayBoundary.hour} ${dayBoundary.timezone.toLowerCase()}`;
    const hash = createHash("sha256").update(`${this.#form.key} ${count} ${running} ${naming} `);
    for (const opening of frameOf(this.#form, this.#context).openings) hash.update(opening);
    for (const { bytes } of encodeBars(ANY_BAR, [0, 1], this.#form, this.#context)) hash.update(bytes);
    const prints = parts.map(({ chunk, columns, from, to }) =>
      chunk === undefined ? fingerprintOf(columns, from, to) : chunk.fingerprintOf(from, to),
    );
    return `"${hash.update(sumOf(prints)).digest("base64url")}"`;
  }

  /** The chunk that all of it is a stretch of, when it is closed. */
  get onlyChunk(): Chunk | undefined {
    const [only] = this.#bars.parts;
    return this.#bars.parts.length === 1 && only !== undefined && this.#isClosed(only) ? only.chunk : undefined;
  }

  /** How many bars of a part run still. */
  #runningOf({ columns, from, to }: BarPart): number {
    return to - Math.min(to, Math.max(from, placeOf(columns, this.#context.runningUs)));
  }

  #make(): BodyPiece[] {
    const { openings, separatorLength, closing } = frameOf(this.#form, this.#context);
    const parts = this.#bars.parts.map((part) => this.#encoded(part));
    const pieces: BodyPiece[] = [];
    for (const [column, opening] of openings.entries()) {
      pieces.push({ raw: opening });
      for (const [i, part] of parts.entries()) {
        const rows = part[column] ?? { raw: Buffer.alloc(0) };
        if (i === 0 && separatorLength > 0) pieces.push(...withoutSeparator(rows, separatorLength));
        else pieces.push(rows);
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
      ...(isWhole ? { whole: { chunk, rows, isFirstLeftOut: false } } : {}),
    }));
  }
}
