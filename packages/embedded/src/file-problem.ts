import { isNativeError } from "node:util/types";

/** The file system's errors that a user can do something about, in his words. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is used up",
  EROFS: "the file system is read-only",
  EACCES: "this user may not",
  EPERM: "this user may not",
};

/** The same as PostgreSQL, Redis and their tools write them (LC_ALL=C). */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/No space left on device/i, "the disk is full"],
  [/Disk quota exceeded/i, "this user's share of the disk is used up"],
  [/Read-only file system/i, "the file system is read-only"],
];

/** The code of a system call's error: `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return isNativeError(error) && "code" in error ? String(error.code) : undefined;
}

/** What is wrong, as half a sentence: "the disk is full (ENOSPC)". */
export function fileProblem(error: unknown): string {
  const code = errorCode(error);
  if (code === undefined) return isNativeError(error) ? error.message : String(error);
  return code in PROBLEMS ? `${PROBLEMS[code]} (${code})` : code;
}

/** What a program's output says about the disk, if it says anything. */
export function diskProblemIn(output: string): string | undefined {
  return WORDS.find(([words]) => words.test(output))?.[1];
}
