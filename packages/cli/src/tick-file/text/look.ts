import { parse } from "csv-parse/sync";

/** What the beginning of a text looks like. */
export interface Look {
  /** Where it lies, for what its name tells. */
  readonly path: string;
  readonly newline: "\n" | "\r";
  /** Whether carriage returns stand before its line feeds, as Windows has it. */
  readonly isCrLf: boolean;
  /** Whether it was in UTF-16; undefined where nobody looked. */
  readonly isUtf16?: boolean;
  readonly delimiter: string;
  /** Of its first lines: notes, a `sep=` line, blank ones. */
  readonly linesBefore: number;
  /** Whether notes that begin with # or // stand between its lines. */
  readonly comment: string | undefined;
  /** The lines that follow, as they are; the first may be a header. */
  readonly lines: readonly string[];
  /** Their fields. */
  readonly rows: readonly (readonly string[])[];
}

/** A byte order mark in UTF-8, read as the Latin-1 that lines are read as. */
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

/** Files laid end to end have one in their middle. */
export function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
}

/** As much as is looked at to find the delimiter; more says nothing new. */
const LINES_MAX = 200;

const TIME_OR_NUMBER = /^[+-]?[\d.,:eE+\-/ TZ]*\d[\d.,:eE+\-/ TZ]*$/;
const WORD = /^[<(]?[\p{L}][\p{L}\p{N}_ .:/+#&@()<>-]*$/u;

/** What people separate fields by; a space last, for it stands within times. */
const USUAL = [",", ";", "\t", "|"];
const NEVER = /[\p{L}\p{N}\s."'+:_/()<>[\]{}#\-\u0080-\uffff]/u;

/** The fields of one record. */
export function fieldsOf(text: string, delimiter: string): string[] {
  if (text.includes('"')) {
    const [fields = []] = parse(text, {
      delimiter: delimiter === " " ? [" ", "\t"] : delimiter,
      trim: true,
      relax_column_count: true,
    });
    return fields;
  }
  if (delimiter === " ") return text.trim().split(/[ \t]+/);
  return text.split(delimiter);
}

function fieldsIfAny(text: string, delimiter: string): string[] {
  try {
    return fieldsOf(text, delimiter);
  } catch {
    return [text];
  }
}

/** How much like a table lines are when that delimits them: all of one width, their fields names, times and numbers. */
function score(lines: readonly string[], delimiter: string): number {
  const rows = lines.map((line) => fieldsIfAny(line, delimiter).map((field) => field.trim()));
  const width = rows.at(-1)?.length ?? 0;
  if (width < 2) return 0;
  const even = rows.filter((row) => row.length === width).length / rows.length;
  const fields = rows.flat();
  const clean = fields.filter((field) => field === "" || TIME_OR_NUMBER.test(field) || WORD.test(field));
  // A date, a time and a price that share a field are clean as well: more fields are better, but that matters least.
  return even * 4 + (clean.length / fields.length) * 4 + Math.min(width, 9) / 10 - (delimiter === " " ? 1 : 0);
}

function delimiterOf(lines: readonly string[]): string {
  const others = new Set([...(lines[0] ?? "")].filter((sign) => !NEVER.test(sign) && !USUAL.includes(sign)));
  const candidates = [...USUAL, ...others, " "];
  const scores = candidates.map((delimiter) => score(lines, delimiter));
  const best = Math.max(...scores);
  return best <= 0 ? "," : (candidates[scores.indexOf(best)] ?? ",");
}

/** What `sep=;` in the first line says, as spreadsheets write and read it. */
function saidDelimiter(line: string | undefined): string | undefined {
  return /^"?sep=(.)"?[,;\t]*$/i.exec(line ?? "")?.[1];
}

const COMMENT = /^\s*(#|\/\/|%)/;

interface Beginning {
  readonly lines: readonly string[];
  readonly before: number;
  readonly delimiter: string | undefined;
  readonly comment: string | undefined;
}

/** Takes from the front what is no header and no tick. A note that names columns is their header, as numpy writes it. */
function begin(all: readonly string[], isHeader: (text: string) => boolean): Beginning {
  let before = 0;
  let delimiter: string | undefined;
  let comment: string | undefined;
  for (const line of all) {
    const said = before === 0 || delimiter === undefined ? saidDelimiter(line) : undefined;
    const mark = COMMENT.exec(line)?.[1];
    if (line.trim() !== "" && said === undefined && mark === undefined) break;
    if (mark !== undefined && isHeader(line.replace(COMMENT, ""))) {
      const next = all.slice(before + 1).find((text) => text.trim() !== "" && COMMENT.exec(text) === null);
      if (next !== undefined && !isHeader(next))
        return { lines: [line.replace(COMMENT, ""), ...all.slice(before + 1)], before, delimiter, comment: mark };
    }
    delimiter ??= said;
    comment ??= mark;
    before += 1;
  }
  return { lines: all.slice(before), before, delimiter, comment };
}

/**
 * Looks at the beginning of a text.
 *
 * @param head of whole lines, but perhaps for the last one
 * @param isWhole whether there is nothing behind it
 * @param isHeader whether a line names columns of ticks, whatever delimits them
 */
export function lookAt(path: string, head: string, isWhole: boolean, isHeader: (text: string) => boolean): Look {
  const newline = head.includes("\n") ? "\n" : "\r";
  const split = withoutMark(head).split(newline);
  if (!isWhole && split.length > 1) split.pop();
  const all = split.slice(0, LINES_MAX).map((line) => line.replace(/\r+$/, ""));
  const { lines, before, delimiter: said, comment } = begin(all, isHeader);
  const shown = lines.filter((line) => line.trim() !== "" && !(comment !== undefined && line.startsWith(comment)));
  const whole = shown.filter((line) => (line.split('"').length - 1) % 2 === 0);
  const delimiter = said ?? delimiterOf(whole.slice(0, 50));
  const rows = whole.map((line) =>
    fieldsIfAny(line, delimiter).map((field) => Buffer.from(field, "latin1").toString("utf8").trim()),
  );
  return { path, newline, isCrLf: head.includes("\r\n"), delimiter, linesBefore: before, comment, lines: whole, rows };
}
