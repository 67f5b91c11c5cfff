import { readFileSync } from "node:fs";

/**
 * The version in a `package.json`, as health answers show it.
 *
 * @param manifest `new URL("../package.json", import.meta.url)` from a service's `dist/main.js`
 */
export function packageVersion(manifest: URL): string {
  const content: unknown = JSON.parse(readFileSync(manifest, "utf8"));
  const version = typeof content === "object" && content !== null && "version" in content ? content.version : undefined;
  return typeof version === "string" ? version : "unknown";
}
