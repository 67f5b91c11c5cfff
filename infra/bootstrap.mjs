#!/usr/bin/env node
/**
 * node infra/bootstrap.mjs start|test|bench|lint|pack|clients
 *
 * What `npm start`, `npm test`, `npm run bench`, `npm run pack` and `npm run clients` run on a machine that has nothing but Node and npm: installs and builds
 * what has changed since the last time, then does what was asked. Plain JavaScript without dependencies, because it runs
 * before there are any.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
/** What was installed and built last; gone with `node_modules`, as it should be. */
const STAMP = join(ROOT, "node_modules", ".bootstrap.json");
const WORKSPACE_FOLDERS = ["packages", "services", "infra"];
const NOT_SOURCES = new Set(["node_modules", "dist", ".turbo", "coverage", "sample"]);

const COMMANDS = {
  start: () => import("./local/dist/main.js"),
  bench: () => import("./bench/dist/main.js"),
  test,
  pack: () => run("node", ["packages/client/pack.mjs"]),
  clients: () => run("node", ["infra/clients/run.mjs", ...process.argv.slice(3)]),
  lint: () => {
    run("node_modules/.bin/biome", ["check", "."]);
    pnpmRun("turbo", ["run", "typecheck", "--output-logs=errors-only"]);
  },
};

requireNode();
const command = COMMANDS[process.argv[2]];
if (!command) fail(`node infra/bootstrap.mjs ${Object.keys(COMMANDS).join("|")}`);
process.env.TURBO_TELEMETRY_DISABLED = "1";
process.env.TURBO_NO_UPDATE_NOTIFIER = "1";
process.env.npm_config_update_notifier = "false";
prepare();
await command();

/** The engines field is ">=20.19". */
function requireNode() {
  const wanted = /\d+(\.\d+)*/.exec(MANIFEST.engines.node)[0].split(".").map(Number);
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > wanted[0] || (major === wanted[0] && minor >= (wanted[1] ?? 0))) return;
  fail(
    `this needs Node ${MANIFEST.engines.node}, and ${process.version} runs it: install the current LTS from nodejs.org`,
  );
}

/** Installs and builds unless nothing has changed since that was done last. */
function prepare() {
  const done = readStamp();
  const wanted = { install: installFingerprint(), build: buildFingerprint() };
  if (done.install !== wanted.install) {
    console.log("installing packages …");
    pnpm(["install", "--frozen-lockfile", "--config.confirmModulesPurge=false"]);
  }
  if (done.install !== wanted.install || done.build !== wanted.build || !isBuilt()) {
    console.log("building …");
    pnpmRun("turbo", ["run", "build", "--output-logs=errors-only"]);
  }
  writeStamp(wanted);
}

/** Under another name first; a stamp that cannot be written (a full disk) costs a build at the next start. */
function writeStamp(wanted) {
  try {
    writeFileSync(`${STAMP}.new`, JSON.stringify(wanted));
    renameSync(`${STAMP}.new`, STAMP);
  } catch (error) {
    console.error(`fx-ohlc: what was built could not be noted (${error.code}), so the next start builds it again`);
  }
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, "utf8"));
  } catch {
    return {};
  }
}

function installFingerprint() {
  const manifests = workspaceFiles().filter((file) => file.endsWith("/package.json"));
  const files = ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests];
  return hashOf(files, `${process.platform} ${process.arch} ${process.versions.modules}`);
}

function buildFingerprint() {
  return hashOf(["turbo.json", ...workspaceFiles().filter((file) => !file.includes("/test/"))], "");
}

/** Every source file of the workspace, in a fixed order. */
function workspaceFiles() {
  const walk = (folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true })
      .filter((entry) => !NOT_SOURCES.has(entry.name))
      .flatMap((entry) => (entry.isDirectory() ? walk(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]));
  return WORKSPACE_FOLDERS.filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap(walk)
    .sort();
}

function hashOf(files, seed) {
  const hash = createHash("sha256").update(seed);
  for (const file of files) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest("hex");
}

/** Somebody may have removed a package's build by hand. */
function isBuilt() {
  const configs = workspaceFiles().filter((file) => file.endsWith("/tsconfig.build.json"));
  return configs.every((file) => existsSync(join(ROOT, file, "..", "dist")));
}

/** pnpm in the version the project names, whether or not the machine has one. */
function pnpm(args) {
  run("npm", ["exec", "--yes", `--package=${MANIFEST.packageManager}`, "--", "pnpm", ...args]);
}

/** A tool of the project, with pnpm in reach: turbo calls it for every task. */
function pnpmRun(tool, args) {
  pnpm(["exec", tool, ...args]);
}

/** All tests, and their result as the last line. */
function test() {
  // Some acceptance tests hold the system to times: they come last and have the machine to themselves.
  const runs = ["infra/jest.config.mjs", "infra/acceptance/alone.config.mjs"].map(runJest);
  const [passed, failed] = ["passed", "failed"].map((key) => runs.reduce((sum, run) => sum + run[key], 0));
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** A test file that could not be run counts as one failed test, and so does a run without a result. */
function runJest(config) {
  const results = join(ROOT, "node_modules", ".test-results.json");
  rmSync(results, { force: true });
  const options = ["--config", config, "--json", `--outputFile=${results}`, "--passWithNoTests"];
  const status = statusOf("infra/local/node_modules/.bin/jest", [...options, ...process.argv.slice(3)]);
  if (!existsSync(results)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(results, "utf8"));
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  return { passed: numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed };
}

function run(program, args) {
  const status = statusOf(program, args);
  if (status !== 0) process.exit(status);
}

function statusOf(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: "inherit" });
  if (error) fail(`${program} could not be run: ${error.message}`);
  return status ?? 1;
}

function fail(line) {
  console.error(`fx-ohlc: ${line}`);
  process.exit(1);
}
