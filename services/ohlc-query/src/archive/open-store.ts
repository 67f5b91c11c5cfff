import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type ArchiveStore, FileMissingError, StoreUnavailableError } from "@fx-ohlc/archive";
export function openStore(url: string): ArchiveStore {
  const read: ArchiveStore["read"] = async (path, range) => {
    let file: Awaited<ReturnType<typeof open>>;
    try {
      file = await open(fileURLToPath(new URL(path.replaceAll("%", "%25"), `${url.replace(/\/?$/, "/")}`)));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw code === "ENOENT" ? new FileMissingError(path) : new StoreUnavailableError(String(error));
    }
    try {
      const { size } = await file.stat();
      const { from, to } = range ?? { from: 0, to: size };
      const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  };
  return { url, read } as ArchiveStore;
}
