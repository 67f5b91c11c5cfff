import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually, freePort } from "@fx-ohlc/embedded";

/** Debian's, with the package libnginx-mod-http-js. */
export const NGINX = "/usr/sbin/nginx";
const NJS = "/usr/lib/nginx/modules/ngx_http_js_module.so";

const UPSTREAMS = ["tick_ingest", "ohlc_query", "stream_gateway"] as const;
type Upstream = (typeof UPSTREAMS)[number];

/** Why nginx cannot be tried on this machine, and what to do; undefined where it can. */
export function whyNoNginx(): string | undefined {
  const missing = [NGINX, NJS].filter((file) => !existsSync(file));
  if (missing.length === 0) return undefined;
  return `there is no ${missing.join(" and no ")} (apt-get install nginx-light libnginx-mod-http-js)`;
}

export interface NginxOptions {
  /** For everything that it reads and writes. */
  readonly folder: string;
  readonly port: number;
  /** Where the services are on 127.0.0.1: of each its one port, or those of its replicas. */
  readonly services: Readonly<Record<Upstream, number | readonly number[]>>;
  /** Whose word on who asks is taken. */
  readonly trusted: string;
}

/** A file of `infra/nginx`, as it is deployed. */
function shipped(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../infra/nginx/${name}`, import.meta.url)), "utf8");
}

/**
 * Writes the edge's own configuration, with its files in a folder and its services on this machine.
 *
 * @returns its main file
 */
export function configureNginx({ folder, port, services, trusted }: NginxOptions): string {
  const edge = shipped("edge.conf")
    .replace(/listen 8000 [^;]*;/, `listen 127.0.0.1:${port};`)
    .replaceAll("/tmp/", `${folder}/`)
    .replace("/dev/stdout", `${folder}/access.log`)
    .replace("error_log stderr", `error_log ${folder}/requests.log`)
    .replace("/etc/nginx/tls/", `${folder}/tls/`);
  writeFileSync(join(folder, "edge.conf"), edge);
  for (const name of ["again.conf", "forwarded.conf", "probe.conf", "health.js"])
    writeFileSync(join(folder, name), shipped(name));
  writeFileSync(join(folder, "trusted-proxies.conf"), `set_real_ip_from ${trusted};`);
  const upstreams = UPSTREAMS.map((name) => upstream(name, [services[name]].flat()));
  const main = `load_module ${NJS}; daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
    ${process.getuid?.() === 0 ? "user root;" : ""} events { worker_connections 4096; } http { ${upstreams.join("\n")} include edge.conf; }`;
  const file = join(folder, "nginx.conf");
  writeFileSync(file, main);
  return file;
}

/** As in `nginx.conf`, where one name stands for all replicas. */
function upstream(name: Upstream, ports: readonly number[]): string {
  const block = new RegExp(`upstream ${name} \\{[^}]*\\}`).exec(shipped("nginx.conf"))?.[0] ?? "";
  return block.replace(/server \S+ resolve ([^;]*;)/, (_, how) =>
    ports.map((port) => `server 127.0.0.1:${port} ${how}`).join("\n    "),
  );
}

/** A running nginx, as the system is deployed with it. */
export interface TestNginx {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts one in front of these services, in a folder of its own. */
export async function testNginx(options: Pick<NginxOptions, "services" | "trusted">): Promise<TestNginx> {
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = configureNginx({ folder, port, ...options });
  const nginx: ChildProcess = spawn(NGINX, ["-p", folder, "-c", file], { stdio: "inherit" });
  const stop = async () => {
    const ended = once(nginx, "exit");
    if (nginx.exitCode === null && nginx.kill("SIGTERM")) await ended;
    rmSync(folder, { recursive: true });
  };
  await eventually(async () => (await fetch(`${url}/live`)).ok, { what: "nginx" });
  return { url, port, stop };
}
