import { ProblemError, type UploadResult } from "@fx-ohlc/client";
import { BadLineError, type Chunk } from "./chunks.js";
import type { SkippedLines } from "./skipped-lines.js";

/** How the service names a field of a streamed body: `line 17.price`. */
const LINE_FIELD = /^line (\d+)\.?(.*)$/;

/** The file's line of a line of a chunk's body, whose first is the header. */
function lineInFile(bodyLine: number, chunk: Chunk): number {
  return chunk.lines[bodyLine - 2] ?? 0;
}

/** A refusal that names a line of the request, in the file's own line numbers; any other error as it is. */
export function refusalInFile(error: unknown, chunk: Chunk): unknown {
  if (!(error instanceof ProblemError)) return error;
  const refused = error.problem.errors?.find(({ field }) => LINE_FIELD.test(field));
  const [, bodyLine, field] = LINE_FIELD.exec(refused?.field ?? "") ?? [];
  if (refused === undefined || bodyLine === undefined) return error;
  return new BadLineError(lineInFile(Number(bodyLine), chunk), `${field} ${refused.message}`.trim());
}

/** Notes the lines of a chunk that the service left out. */
export function noteRejections(result: UploadResult, chunk: Chunk, skipped: SkippedLines): void {
  const named = result.rejected_lines ?? [];
  for (const { line, message } of named) skipped.add(lineInFile(line, chunk), message);
  skipped.addUnnamed(Math.max(0, (result.rejected ?? 0) - named.length));
}
