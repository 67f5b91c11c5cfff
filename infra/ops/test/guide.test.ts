import { writeFileSync } from "node:fs";
import { env } from "node:process";
import { SYSTEM_ROUTES, scopeTable } from "../../../packages/contract/src/index.js";
import { pathOf, textOf } from "./repository.js";

const PAGE = "infra/guide/access.md";
const TABLE = /(<!-- scopes: .* -->\n)[\s\S]*?(<!-- \/scopes -->)/;

/** A page without what its formatter adds to tables. */
const bare = (text: string) => text.replaceAll(/ +\|/g, " |").replaceAll(/-{3,}/g, "---");

/** `RECORD_EXAMPLES=1` writes the table anew. */
test("the guide's table of scopes is that of the contract", () => {
  const page = textOf(PAGE);
  const made = page.replace(TABLE, (_table, start, end) => `${start}\n${scopeTable(SYSTEM_ROUTES)}\n\n${end}`);
  if (env.RECORD_EXAMPLES === "1") writeFileSync(pathOf(PAGE), made);
  else expect(bare(page)).toBe(bare(made));
});
