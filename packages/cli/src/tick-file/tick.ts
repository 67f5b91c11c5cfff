import type { Quote } from "./quote.js";

/** A line or record that holds a quote. */
export interface FileTick extends Quote {
  /** The number of the line or record, counted from 1. */
  readonly line: number;
  /** Bytes of the decompressed file up to its end. */
  readonly end: number;
}

/** A line or record that cannot be read. */
export interface BadLine {
  /** 0 when it is the file as a whole. */
  readonly line: number;
  readonly problem: string;
}

export function isTick(line: FileTick | BadLine): line is FileTick {
  return "timeUs" in line;
}

/** A file, or the rest of one, that makes no sense: another one may. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}
