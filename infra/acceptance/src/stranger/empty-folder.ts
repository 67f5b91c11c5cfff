import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execPath } from "node:process";

/** `packages/client`. */
const CLIENT = join(__dirname, "..", "..", "..", "..", "packages", "client");
/** Of the compiler and of Node's types, as the workspace has them. */
const MODULES = join(__dirname, "..", "..", "node_modules");

/** A program that a stranger runs, and what it has printed by now. */
export class Program {
  #printed = "";
  readonly ended: Promise<number | null>;

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (this.#printed += String(data)));
    this.ended = new Promise((resolve) => void child.once("close", resolve));
  }

  get printed(): string {
    return this.#printed;
  }

  /** As if its machine lost power. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }
}

/** An empty folder of somebody who has the tarball and nothing else of this repository. */
export class EmptyFolder {
  readonly path = mkdtempSync(join(tmpdir(), "stranger-"));

  /** Packs the client and installs it. What it depends on is taken from here: a test asks no registry. */
  install(): void {
    const pack = (file: string, ...args: string[]) => execFileSync(file, args, { cwd: this.path, encoding: "utf8" });
    pack(execPath, join(CLIENT, "pack.mjs"), this.path);
    const ws = dirname(require.resolve("ws/package.json"));
    pack("npm", "pack", ws, "--ignore-scripts");
    writeFileSync(this.#file("package.json"), JSON.stringify({ private: true, type: "module" }));
    const tarballs = execFileSync("ls", { cwd: this.path, encoding: "utf8" }).match(/\S+\.tgz/g) ?? [];
    pack("npm", "install", "--offline", "--no-audit", "--no-fund", ...tarballs.map((name) => `./${name}`));
  }

  write(name: string, text: string): void {
    writeFileSync(this.#file(name), text);
  }

  read(name: string): string {
    return readFileSync(this.#file(name), "utf8");
  }

  /** @returns what the compiler says of all that is written here, strictly and of the client's own declarations too */
  compile(): string {
    const strict = ["--strict", "--noUncheckedIndexedAccess", "--skipLibCheck", "false"];
    const target = ["--target", "es2022", "--module", "nodenext", "--lib", "es2023"];
    const types = ["--types", "node", "--typeRoots", join(MODULES, "@types")];
    const args = [join(MODULES, ".bin", "tsc"), ...strict, ...target, ...types, "--rootDir", ".", "--outDir", "built"];
    const names = execFileSync("ls", { cwd: this.path, encoding: "utf8" }).match(/\S+\.ts/g) ?? [];
    const [program = "", ...rest] = args;
    try {
      return execFileSync(program, [...rest, ...names], { cwd: this.path, encoding: "utf8" });
    } catch (error) {
      return String((error as { stdout?: unknown }).stdout); // What execFileSync throws.
    }
  }

  /** @param name of what was compiled, without its ending */
  run(name: string, env: Record<string, string>, ...args: string[]): Program {
    const options = { cwd: this.path, env: { ...process.env, ...env } };
    return new Program(spawn(process.env.OTHER_NODE ?? execPath, [`built/${name}.js`, ...args], options));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.path, name);
  }
}

/** The examples of the client's README, of one language, in their order, for a system at another address. */
export function readmeExamples(language: "ts" | "html", url: string): string[] {
  const text = readFileSync(join(CLIENT, "README.md"), "utf8");
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"));
  return [...blocks].map(([, code = ""]) => code.replaceAll("http://localhost:8000", url));
}
