import { parse } from "csv-parse/sync";
import { UnreadableError } from "../tick.js";
import { LINE_LENGTH_MAX, type Line } from "./line-splitter.js";
import { withoutMark } from "./look.js";

/** One or, where a quoted field holds line ends, several lines. */
export interface TextRecord extends Line {
  /** Where they had to be parsed to be known. */
  readonly fields?: readonly string[] | undefined;
  readonly problem?: string;
}

const quotesIn = (text: string) => text.split('"').length - 1;

/**
 * Makes records of lines. A line without a quote is one, and its fields are what stands between delimiters: that is nearly every
 * line of ticks, and takes an eighth of the time of parsing it. Lines with quotes are parsed by csv-parse, a block's at once.
 */
export class RecordGatherer {
  /** Of a record that has begun and not ended. */
  #open: Line[] = [];
  #openBytes = 0;
  readonly #options;

  constructor(delimiter: string) {
    this.#options = {
      delimiter: delimiter === " " ? [" ", "\t"] : delimiter,
      ...{ trim: true, relax_column_count: true, skip_empty_lines: false, bom: false },
    };
  }

  /** @param isLast whether no lines follow */
  records(lines: readonly Line[], isLast: boolean): readonly TextRecord[] {
    if (this.#open.length === 0 && !lines.some(({ text }) => text.includes('"'))) return lines;
    const records: Line[] = [];
    for (const line of lines) {
      const record = this.#gathered(line);
      if (record !== undefined) records.push(record);
    }
    if (isLast && this.#open.length > 0) throw this.#unclosed();
    return this.#parsed(records);
  }

  #gathered(line: Line): Line | undefined {
    const isOdd = quotesIn(line.text) % 2 === 1;
    if (this.#open.length === 0 && !isOdd) return line;
    this.#open.push(line);
    this.#openBytes += line.text.length;
    if (this.#openBytes > LINE_LENGTH_MAX) throw this.#unclosed();
    if (this.#open.length === 1 || !isOdd) return undefined;
    const [first = line] = this.#open;
    const text = this.#open.map((part) => part.text).join("\n");
    this.#open = [];
    this.#openBytes = 0;
    return { number: first.number, text, end: line.end };
  }

  #unclosed(): UnreadableError {
    return new UnreadableError(`line ${this.#open[0]?.number}: a quote opens that nothing closes`);
  }

  #parsed(records: readonly Line[]): readonly TextRecord[] {
    const quoted = records.filter(({ text }) => text.includes('"'));
    if (quoted.length === 0) return records;
    const rows = this.#rows(quoted);
    let next = 0;
    return records.map((record) => {
      if (!record.text.includes('"')) return record;
      const row = rows[next];
      next += 1;
      return typeof row === "string" ? { ...record, problem: row } : { ...record, fields: row };
    });
  }

  /** The fields of each record, or why it has none. */
  #rows(records: readonly Line[]): readonly (string[] | string)[] {
    try {
      const rows = parse(records.map(({ text }) => withoutMark(text)).join("\n"), this.#options);
      if (rows.length === records.length) return rows;
    } catch {
      // One of them makes no sense: found one by one, below.
    }
    return records.map(({ text }) => this.#row(text));
  }

  #row(text: string): string[] | string {
    try {
      const [row] = parse(withoutMark(text), this.#options);
      return row ?? [];
    } catch {
      return "has a quote that stands within a field, or text behind one that closes";
    }
  }
}
