/**
 * Puts what the pages of the API's documents load into `dist/pages`: copied when this package is built, so that the packages
 * they come from, which are much larger, are not needed where a service runs.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const FILES = [
  import.meta.resolve("swagger-ui-dist/swagger-ui.css"),
  import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js"),
  import.meta.resolve("redoc/bundles/redoc.standalone.js"),
  new URL("./start-swagger-ui.js", import.meta.url).href,
  new URL("./page.css", import.meta.url).href,
  new URL("./stream-docs.css", import.meta.url).href,
  new URL("./stream-console.js", import.meta.url).href,
];

/** What Redoc would load from another host: the logo beside its name. An empty image in its place is left out by Redoc. */
const ELSEWHERE = /https:\/\/cdn\.redoc\.ly\/redoc\/logo-mini(-full)?\.svg/g;

const target = new URL("../dist/pages/", import.meta.url);
mkdirSync(target, { recursive: true });
for (const file of FILES) {
  const path = fileURLToPath(file);
  const name = basename(path);
  const text = readFileSync(path, "utf8");
  if (name.startsWith("redoc") && !ELSEWHERE.test(text)) throw new Error("redoc's logo is somewhere else now");
  writeFileSync(new URL(name, target), text.replace(ELSEWHERE, "data:,"));
}
