import { readdirSync, writeFileSync } from "node:fs";
import { env } from "node:process";
import { SYSTEM_ROUTES, scopeTable } from "../../../packages/contract/src/index.js";
import { pathOf, textOf, yamlOf } from "./repository.js";

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

test("what the guide has kubectl do, it does to what the chart makes as the release fx", () => {
  const pages = readdirSync(pathOf("infra/guide")).filter((name) => name.endsWith(".md"));
  const commands = pages.flatMap((page) => textOf(`infra/guide/${page}`).match(/kubectl [^'`|\n]*/g) ?? []);
  const named = commands.flatMap((command) => [...command.matchAll(/deployment\/(\S+)/g)].map(([, name]) => name));
  const { services } = yamlOf<{ services: Record<string, unknown> }>("docker-compose.prod.yml");
  expect(named).not.toEqual([]);
  expect(Object.keys(services).map((service) => `fx-${service}`)).toEqual(expect.arrayContaining(named));
  const placed = commands.filter(
    (command) => / (get|rollout|create secret) /.test(command) && !/get pods/.test(command),
  );
  for (const command of placed) expect(command).toContain("-n trading ");
});
