/** What was found out about a file, for the summary; filled in as it is read. */
export interface Facts {
  /** Its format's name. */
  format?: string;
  /** What was made of its columns: `time, bid, ask`. */
  columns?: string;
  /** How its times were read, where that was to be found out. */
  times?: string;
  /** Columns that ticks do not have. */
  ignored?: readonly string[];
  /** Lines that are left out because they hold no price of those that are taken, as MetaTrader's of trades and of one side. */
  unpriced?: number;
}

/** Where lines or records come from, for messages. */
export interface Source {
  readonly name: string;
  readonly unit: "line" | "record";
  readonly facts: Facts;
}

/** A line or record, for messages. */
export interface Place {
  readonly source: Source;
  /** 0 stands for the file as a whole. */
  readonly line: number;
}

/** `eurusd.csv: line 17`; only the name where it is the file as a whole. */
export function placeText({ source: { name, unit }, line }: Place): string {
  return line === 0 ? name : `${name}: ${unit} ${line}`;
}

/** A line that ends the reading. */
export class BadLineError extends Error {
  override readonly name = "BadLineError";

  constructor(place: Place, problem: string, cause?: unknown) {
    super(`${placeText(place)}: ${problem}`, { cause });
  }
}

/** What is wrong with a file; its message begins with the file's name. */
export class FileError extends Error {
  override readonly name = "FileError";

  constructor({ name }: Source, cause: unknown) {
    super(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
