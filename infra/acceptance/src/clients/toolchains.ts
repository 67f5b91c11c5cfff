import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";

/** The small programs in other languages. */
export const CLIENTS = join(__dirname, "..", "..", "..", "clients");
/** Where `npm run clients` puts what it downloads; absent in `npm test`. */
const DOWNLOADS = process.env.FX_CLIENTS;

const PYTHON = DOWNLOADS === undefined ? (process.env.PYTHON ?? "python3") : join(DOWNLOADS, "python", "bin", "python");

/** A program in another language. */
export interface ClientProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Why it cannot be run here; undefined where it can. */
  readonly whyNot: string | undefined;
}

/** What a program prints when it is asked for its version; undefined where there is none. */
function versionOf(command: string, ...args: string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? `${stdout}${stderr}` : undefined;
}

function whyNoJava(): string | undefined {
  const major = Number(/version "(\d+)/.exec(versionOf("java", "-version") ?? "")?.[1] ?? 0);
  return major >= 17 ? undefined : "there is no Java 17";
}

function whyNoCurl(): string | undefined {
  const [, major = 0, minor = 0] = /^curl (\d+)\.(\d+)/.exec(versionOf("curl", "--version") ?? "") ?? [];
  if (Number(major) * 100 + Number(minor) < 784) return "there is no curl 7.84";
  return versionOf("wget", "--version") === undefined ? "there is no wget" : undefined;
}

/** Go asks nobody for modules here: `npm run clients` has brought them. */
const OFFLINE = { ...process.env, GOPROXY: "off", GOFLAGS: "-mod=mod" };

function whyNoGo(module?: string): string | undefined {
  if (versionOf("go", "version") === undefined) return "there is no Go";
  if (module === undefined) return undefined;
  const options = { cwd: join(CLIENTS, "go"), env: OFFLINE, encoding: "utf8" } as const;
  const { stdout } = spawnSync("go", ["list", "-m", "-f", "{{.Dir}}", module], options);
  return existsSync(stdout.trim()) ? undefined : `Go has not ${module} (npm run clients brings it)`;
}

const FIND =
  "import importlib.util, sys; print(*(name for name in sys.argv[1:] if not importlib.util.find_spec(name)))";

/** Why Python cannot be asked to load these. */
function whyNoPython(modules: readonly string[]): string | undefined {
  try {
    const missing = execFileSync(PYTHON, ["-c", FIND, ...modules], { encoding: "utf8", stdio: "pipe" }).trim();
    return missing === "" ? undefined : `Python has not ${missing} (npm run clients brings it)`;
  } catch {
    return `there is no ${PYTHON}`;
  }
}

function python(file: string, modules: readonly string[], ...args: string[]): ClientProgram {
  const name = `Python's ${modules.join(", ")}`;
  return { name, command: PYTHON, args: [join(CLIENTS, "python", file), ...args], whyNot: whyNoPython(modules) };
}

/** @param built where the program will be */
function go(name: string, built: string, module?: string): ClientProgram {
  return { name, command: built, args: [], whyNot: whyNoGo(module) };
}

/** Builds a program of Go, as far as possible from what was built before. */
export function buildGo(folder: string, into: string): void {
  execFileSync("go", ["build", "-o", into, `./${folder}`], { cwd: join(CLIENTS, "go"), env: OFFLINE });
}

/** Those that ask for everything over HTTP, and end. */
export function checks(built: string): ClientProgram[] {
  return [
    { name: "Java's HttpClient", command: "java", args: [join(CLIENTS, "java", "Check.java")], whyNot: whyNoJava() },
    go("Go's net/http", join(built, "check")),
    { name: "curl and wget", command: "bash", args: [join(CLIENTS, "shell", "check.sh")], whyNot: whyNoCurl() },
    python("check_requests.py", ["requests"]),
    python("check_httpx.py", ["httpx"]),
    python("check_aiohttp.py", ["aiohttp"]),
    python("check_websockets.py", ["websockets"]),
    python("check_generated.py", ["openapi_python_client"]),
    {
      name: "a client of openapi-typescript",
      command: execPath,
      args: [join(CLIENTS, "typescript", "run.mjs")],
      whyNot: DOWNLOADS === undefined ? "npm run clients brings it" : undefined,
    },
  ];
}

/** Those that read bars of an address by themselves. */
export function readers(): ClientProgram[] {
  return [
    python("check_frames.py", ["pandas", "requests"], "pandas"),
    python("check_frames.py", ["polars"], "polars"),
    python("check_frames.py", ["duckdb", "fsspec"], "duckdb"),
    python("check_frames.py", ["pyarrow", "fsspec"], "pyarrow"),
  ];
}

/** Those of the guide, which follow the stream for ever. */
export function followers(built: string): ClientProgram[] {
  return [
    { name: "Java's WebSocket", command: "java", args: [join(CLIENTS, "java", "Client.java")], whyNot: whyNoJava() },
    go("Go's coder/websocket", join(built, "client"), "github.com/coder/websocket"),
    python("client.py", ["requests", "websocket"]),
    { name: "curl", command: "sh", args: [join(CLIENTS, "shell", "client.sh")], whyNot: whyNoCurl() },
  ];
}
