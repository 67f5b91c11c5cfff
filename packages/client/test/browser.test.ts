import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** What a module loads at run time: imports and exports of types leave no trace in what is built. */
const LOADED = /^(?:import|export) (?!type )(?:[^;]*? from )?"([^"]+)";/gm;

/** Where the modules of the schemas' own are that have an address of their own. */
const SCHEMAS = join(__dirname, "..", "..", "schemas", "src");

/** Every module that one loads, itself and theirs included, by its place, and names of packages and built-ins as they are. */
function loadedFrom(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name = ""] of readFileSync(file, "utf8").matchAll(LOADED)) {
    if (name.startsWith(".")) loadedFrom(join(dirname(file), name.replace(/\.js$/, ".ts")), found);
    else if (name.startsWith("@fx-ohlc/schemas/")) loadedFrom(join(SCHEMAS, `${basename(name)}.ts`), found);
    else found.add(name);
  }
  return found;
}

const SRC = join(__dirname, "..", "src");

test("a browser loads nothing but the client's own modules, and the schemas' on intervals and times, which load nothing", () => {
  const loaded = [...loadedFrom(join(SRC, "browser.ts"))];
  const others = loaded.filter((name) => !name.startsWith(SRC));
  expect(others.toSorted()).toEqual([join(SCHEMAS, "interval.ts"), join(SCHEMAS, "time.ts")]);
  expect(loaded.length).toBeGreaterThan(10);
});

test("Node loads the ws package besides, which shows that the test looks", () => {
  const others = [...loadedFrom(join(SRC, "index.ts"))].filter((name) => !name.startsWith(SRC));
  expect(others).toContain("ws");
});
