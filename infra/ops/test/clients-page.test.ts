import { writeFileSync } from "node:fs";
import { env } from "node:process";
import { pathOf, textOf } from "./repository.js";

const PAGE = "infra/guide/clients.md";
const LANGUAGES: Readonly<Record<string, string>> = { java: "java", go: "go", py: "python", sh: "sh" };
/** A program's name, and the program as the page has it. */
const PROGRAM = /<!-- (infra\/clients\/\S+\.(\w+)) -->\n(?:\n```\w+\n[\s\S]*?\n```\n)?/g;

/** `RECORD_EXAMPLES=1` writes the programs anew. */
test("the guide's programs are those that are run", () => {
  const page = textOf(PAGE);
  const made = page.replace(
    PROGRAM,
    (_all, file, ending) => `<!-- ${file} -->\n\n\`\`\`${LANGUAGES[ending]}\n${textOf(file).trimEnd()}\n\`\`\`\n`,
  );
  if (env.RECORD_EXAMPLES === "1") writeFileSync(pathOf(PAGE), made);
  else expect(page).toBe(made);
});
