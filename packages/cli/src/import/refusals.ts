import { ProblemError, type UploadResult } from "@fx-ohlc/client";
import type { FieldError } from "@fx-ohlc/schemas";
import { BadLineError, type Chunk } from "./chunks.js";
import type { SkippedLines } from "./skipped-lines.js";

/** How the service names a field of a streamed body: `line 17.price`. */
const LINE_FIELD = /^line (\d+)\.?(.*)$/;

/** What is wrong with a line, in the file's own numbers: the first line of a chunk's body is its header. */
function inFile({ field, message }: FieldError, chunk: Chunk): { line: number; problem: string } | undefined {
  const [, bodyLine, name] = LINE_FIELD.exec(field) ?? [];
  const line = chunk.lines[Number(bodyLine) - 2];
  return line === undefined ? undefined : { line, problem: `${name} ${message}`.trim() };
}

/** A refusal that names a line of the request, in the file's own numbers; any other error as it is. */
export function refusalInFile(error: unknown, chunk: Chunk): unknown {
  const [first] = error instanceof ProblemError ? (error.problem.errors ?? []) : [];
  const bad = first === undefined ? undefined : inFile(first, chunk);
  return bad === undefined ? error : new BadLineError(bad.line, bad.problem);
}

/** Notes the lines of a chunk that the service left out. */
export function noteRejections({ rejected = 0, errors = [] }: UploadResult, chunk: Chunk, skipped: SkippedLines): void {
  const named = new Map<number, string[]>();
  for (const error of errors) {
    const bad = inFile(error, chunk);
    if (bad !== undefined) named.set(bad.line, [...(named.get(bad.line) ?? []), bad.problem]);
  }
  for (const [line, problems] of named) skipped.add(line, problems.join("; "));
  skipped.addUnnamed(rejected - named.size);
}
