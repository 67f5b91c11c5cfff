/**
 * node pack.mjs [FOLDER]
 *
 * Makes the tarball that `npm install` takes, in FOLDER or here. Its manifest is put together anew: the one beside this file speaks
 * of this repository's workspace, which nobody else has.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const STAGE = mkdtempSync(join(tmpdir(), "fx-ohlc-client-"));
const KEPT = ["name", "version", "type", "description", "keywords", "license", "repository", "engines"];
const FILES = ["dist/index.js", "dist/browser.js", "dist/index.d.ts", "README.md"];

const own = readJson(`${HERE}package.json`);
const { version: wsVersion } = readJson(createRequire(import.meta.url).resolve("ws/package.json"));

mkdirSync(`${STAGE}/dist`, { recursive: true });
for (const file of FILES) cpSync(HERE + file, `${STAGE}/${file}`);
cpSync(`${HERE}../../LICENSE`, `${STAGE}/LICENSE`);
const manifest = {
  ...Object.fromEntries(KEPT.map((key) => [key, own[key]])),
  main: "./dist/index.js",
  types: "./dist/index.d.ts",
  exports: own.exports,
  sideEffects: false,
  dependencies: { ws: `^${wsVersion}` },
};
writeFileSync(`${STAGE}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
const target = resolve(process.argv[2] ?? ".");
const printed = execFileSync("npm", ["pack", "--json", "--pack-destination", target], { cwd: STAGE, encoding: "utf8" });
rmSync(STAGE, { recursive: true });
console.log(resolve(target, JSON.parse(printed)[0].filename));

function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
