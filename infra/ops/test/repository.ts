import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/** Where a file of the repository is. */
export function pathOf(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

/** A file of the repository, as text. */
export function textOf(path: string): string {
  return readFileSync(pathOf(path), "utf8");
}

/** A YAML file of the repository; what it holds is looked at field by field. */
export function yamlOf<T>(path: string): T {
  return parse(textOf(path), { merge: true }) as T;
}
