import { WRITER_FILE } from "./layout.js";
import { type ArchiveStore, FileMissingError } from "./store.js";

/** Which database writes to a dataset: the contents of {@link WRITER_FILE}. */
export interface WriterMark {
  /** Its cluster's number and its own. */
  readonly database: string;
  /** Drawn by it: a copy of it draws others. */
  readonly token: string;
}

/**
 * Undefined where nobody has marked the dataset yet. What cannot be read is nobody's.
 *
 * @throws StoreUnavailableError
 */
export async function readWriterMark(store: ArchiveStore): Promise<WriterMark | undefined> {
  try {
    const bytes = await store.read(WRITER_FILE);
    return parseMark(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    if (error instanceof FileMissingError) return undefined;
    throw error;
  }
}

function parseMark(text: string): WriterMark {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "database" in parsed && "token" in parsed)
      return { database: String(parsed.database), token: String(parsed.token) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { database: "unknown", token: "" };
}

export async function writeWriterMark(store: ArchiveStore, { database, token }: WriterMark): Promise<void> {
  await store.write(WRITER_FILE, Buffer.from(`${JSON.stringify({ database, token }, undefined, 2)}\n`));
}
