/** Where lines or records come from, for messages. */
export interface Source {
  readonly name: string;
  readonly unit: "line" | "record";
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

  constructor(place: Place, problem: string) {
    super(`${placeText(place)}: ${problem}`);
  }
}

/** What is wrong with a file; its message begins with the file's name. */
export class FileError extends Error {
  override readonly name = "FileError";

  constructor({ name }: Source, cause: unknown) {
    super(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
