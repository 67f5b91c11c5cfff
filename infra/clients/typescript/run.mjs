/** Makes a client of the OpenAPI document of a running system, compiles a program with it, and runs that. */
import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";

const folder = join(env.FX_CLIENTS, "typescript");
const run = (command, ...args) => execFileSync(command, args, { cwd: folder, stdio: "inherit" });
const bin = (name) => join(folder, "node_modules", ".bin", name);

copyFileSync(join(dirname(fileURLToPath(import.meta.url)), "check.ts"), join(folder, "check.ts"));
writeFileSync(join(folder, "openapi.json"), await (await fetch(`${env.FX_URL}/openapi.json`)).text());
run(bin("openapi-typescript"), "openapi.json", "--output", "api.d.ts");
run(bin("tsc"), "--strict", "--target", "es2022", "--module", "nodenext", "--outDir", "built", "check.ts");
run(execPath, "built/check.js");
