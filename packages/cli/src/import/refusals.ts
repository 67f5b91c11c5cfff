import { ProblemError, type UploadResult } from "@fx-ohlc/client";
import type { FieldError } from "@fx-ohlc/schemas";
import { BadLineError, type Place } from "../tick-file/place.js";
import type { Chunk } from "./chunks.js";
import type { SkippedLines } from "./skipped-lines.js";

/** How the service names a field of a streamed body: `line 17.price`. */
const LINE_FIELD = /^line (\d+)\.?(.*)$/;

/** What is wrong with which line of the files: the first line of a chunk's body is its header. */
function inFile({ field, message }: FieldError, chunk: Chunk): { place: Place; problem: string } | undefined {
  const [, bodyLine, name] = LINE_FIELD.exec(field) ?? [];
  const place = chunk.places[Number(bodyLine) - 2];
  return place === undefined ? undefined : { place, problem: `${name} ${message}`.trim() };
}

/** A refusal that names a line of the request, by its place in the files; any other error as it is. */
export function refusalInFile(error: unknown, chunk: Chunk): unknown {
  const [first] = error instanceof ProblemError ? (error.problem.errors ?? []) : [];
  const bad = first === undefined ? undefined : inFile(first, chunk);
  return bad === undefined ? error : new BadLineError(bad.place, bad.problem, error);
}

/** How many ticks of a refused request were stored before what it was refused for. */
export function storedBefore(error: unknown): number {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof ProblemError)) continue;
    const { created, duplicates } = cause.problem;
    return (typeof created === "number" ? created : 0) + (typeof duplicates === "number" ? duplicates : 0);
  }
  return 0;
}

/** Notes the lines of a chunk that the service left out; the two ticks of one quote are one line. */
export function noteRejections({ rejected = 0, errors = [] }: UploadResult, chunk: Chunk, skipped: SkippedLines): void {
  const problems = new Map<Place, Set<string>>();
  const bodyLines = new Set<string>();
  for (const error of errors) {
    const bad = inFile(error, chunk);
    if (bad === undefined) continue;
    bodyLines.add(error.field.split(".", 1)[0] ?? "");
    problems.set(bad.place, (problems.get(bad.place) ?? new Set()).add(bad.problem));
  }
  for (const [place, said] of problems) skipped.add(place, [...said].join("; "));
  skipped.addUnnamed(rejected - bodyLines.size);
}
