import { join } from "node:path";
import { readKept, writeAside } from "./write-aside.js";

/** Raised when the meaning of what is kept changes: a folder of a later version is refused. */
const FORMAT = 1;

export const HOME_FILE = "database.json";

/**
 * What ties a data folder to the home of its database: the same file lies in both, and neither is used without the other.
 */
export interface HomeFile {
  readonly format: number;
  /** Of the home; random, so that a folder's path means nothing. */
  readonly id: string;
  /** Where the database is, when that is not the data folder itself. */
  readonly home?: string;
  /** The data folder's real path when it was started last. */
  readonly folder: string;
}

/**
 * @returns `undefined` when there is none
 * @throws Error in one line, when it was written by a later version or is damaged
 */
export function readHomeFile(folder: string): HomeFile | undefined {
  const file = join(folder, HOME_FILE);
  const text = readKept(file);
  if (text === undefined) return undefined;
  const found = parse(text);
  if (typeof found?.format !== "number") throw new Error(`${file} is damaged: put it back from a backup`);
  if (found.format > FORMAT) {
    throw new Error(
      `${folder} was made by a later version of fx-ohlc (its format is ${found.format}, this version knows ${FORMAT}): ` +
        "use that version, or choose another folder with FX_DATA_DIR",
    );
  }
  return found;
}

export function writeHomeFile(folder: string, file: Omit<HomeFile, "format">): HomeFile {
  writeAside(join(folder, HOME_FILE), `${homeFileText(file)}\n`);
  return { ...file, format: FORMAT };
}

/** What the file holds, on one line. */
export function homeFileText({ id, home, folder }: Omit<HomeFile, "format">): string {
  return JSON.stringify({ format: FORMAT, id, home, folder });
}

function parse(text: string): HomeFile | undefined {
  try {
    const { format, id, home, folder } = JSON.parse(text) as HomeFile; // Written above; what is not is refused here.
    const isWhole =
      typeof id === "string" && typeof folder === "string" && ["string", "undefined"].includes(typeof home);
    // A later format may hold something else.
    return isWhole || format > FORMAT ? { format, id, folder, ...(home !== undefined && { home }) } : undefined;
  } catch {
    return undefined;
  }
}
