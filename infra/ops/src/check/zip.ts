import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";

/** Writes one entry of a zip archive to a file. */
export async function extractOne(archive: string, entry: string, file: string): Promise<void> {
  const zip = await openPromise(archive);
  try {
    for await (const candidate of zip.eachEntry()) {
      if (candidate.fileName !== entry) continue;
      await pipeline(await zip.openReadStreamPromise(candidate), createWriteStream(file));
      return;
    }
    throw new Error(`${archive} has no ${entry}`);
  } finally {
    zip.close();
  }
}
