import { fileURLToPath, pathToFileURL } from "node:url";
import type { Transaction } from "./sql.js";

/** Whether a text names a place that an archive can be at. A folder's name holds no encoded `/`. */
export function isArchiveUrl(url: string): boolean {
  const isWhole = /^file:\/\/\/[^/?#][^?#]*$/.test(url) || /^s3:\/\/[a-z0-9][a-z0-9.-]+(\/[^?#]*)?$/.test(url);
  return isWhole && !/%(?![0-9A-Fa-f]{2})|%00/.test(url) && !(url.startsWith("file:") && /%2f/i.test(url));
}

/** One spelling of a place: `s3://bucket/fx/` is `s3://bucket/fx`, and `file:///a/./b/` is `file:///a/b`. */
export function archiveSpelling(url: string): string {
  if (!isArchiveUrl(url)) return url;
  const { href } = url.startsWith("file:") ? pathToFileURL(fileURLToPath(url)) : new URL(url);
  return href.replace(/\/+$/, "");
}

/**
 * Records where the archive is. Without one the recorded place stays: a step of a deployment that does not know it must not end the
 * archive, and let ticks be dropped that are nowhere else.
 *
 * @param url `none` ends it: from then on ticks are dropped whether they are in files or not
 */
export async function recordArchive(
  transaction: Transaction,
  url: string | undefined,
  log: (line: string) => void,
): Promise<void> {
  if (url === undefined) return;
  const [recorded] = await transaction<
    { value: string }[]
  >`select value from settings where key = 'archive_url' for update`;
  if (url === "none") {
    await transaction`delete from settings where key = 'archive_url'`;
    if (recorded !== undefined) log(`nothing is archived from now on (the archive was ${recorded.value})`);
    return;
  }
  await transaction`
    insert into settings (key, value) values ('archive_url', ${url}) on conflict (key) do update set value = excluded.value`;
  if (recorded !== undefined && archiveSpelling(recorded.value) === archiveSpelling(url)) return;
  // The dataset was found where it was before; nothing is dropped until it is found here.
  await transaction`update archive_state set confirmed_at = null`;
  const before = recorded === undefined ? "" : ` (it was ${recorded.value})`;
  log(`ARCHIVE_URL is ${url} from now on${before}; nothing is dropped that it does not hold`);
}
