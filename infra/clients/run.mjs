/**
 * What `npm run clients` does: brings what the programs here need from the registries of their languages, into a folder that goes
 * with node_modules, and runs them against a system of their own. What cannot be had is left out, and the tests say so.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "..", "..");
const DOWNLOADS = join(ROOT, "node_modules", ".clients");

/** Runs commands until one fails. */
function bring(language, commands) {
  console.log(`bringing what the programs in ${language} need …`);
  const failed = commands.find(([command, args, cwd = HERE]) => {
    const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
    return error !== undefined || status !== 0;
  });
  if (failed !== undefined) console.log(`${language} is left out: ${failed[0]} ${failed[1].join(" ")} failed`);
}

mkdirSync(join(DOWNLOADS, "typescript"), { recursive: true });
const python = join(DOWNLOADS, "python");
bring("Python", [
  [process.env.PYTHON ?? "python3", ["-m", "venv", python]],
  [join(python, "bin", "pip"), ["install", "--quiet", "--requirement", "python/requirements.txt"]],
]);
bring("Go", [["go", ["mod", "download"], join(HERE, "go")]]);
copyFileSync(join(HERE, "typescript", "package.json"), join(DOWNLOADS, "typescript", "package.json"));
bring("TypeScript", [["npm", ["install", "--no-audit", "--no-fund"], join(DOWNLOADS, "typescript")]]);

const data = join(DOWNLOADS, "data", "fx-ohlc");
mkdirSync(data, { recursive: true });
bring("ccxt", [["npm", ["install", "--no-audit", "--no-fund", "--prefix", data, "ccxt@4.5.84"]]]);

const jest = join(ROOT, "infra", "local", "node_modules", ".bin", "jest");
const tests = ["--config", "infra/acceptance/jest.config.mjs", "test/clients", "--verbose", ...process.argv.slice(2)];
const { status } = spawnSync(jest, tests, {
  cwd: ROOT,
  stdio: "inherit",
  env: { ...process.env, FX_CLIENTS: DOWNLOADS },
});
process.exitCode = status ?? 1;
