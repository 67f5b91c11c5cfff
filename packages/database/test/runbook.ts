import { readFile } from "node:fs/promises";

const PAGE = new URL("../../../infra/guide/runbooks.md", import.meta.url);

/** The SQL of a section of the runbooks, block by block. */
export async function commandsBelow(title: string): Promise<string[]> {
  const page = await readFile(PAGE, "utf8");
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`the runbooks have no section ${title}`);
  return [...section.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql = ""]) => sql);
}
