import { type ProcessSpec, ReadyProcess } from "@fx-ohlc/embedded";
import { nodeProcessSpec } from "./node-process.js";

/** A service connects, checks the schema and reads its newest state, on two cores that start three of them at once, ms. */
const READY_TIMEOUT_MS = 30_000;
/** One answer on loopback, ms. */
const PROBE_TIMEOUT_MS = 1_000;

type ServiceName = "tick-ingest" | "ohlc-query" | "stream-gateway";

/** Where the parts of the stack listen: the edge on the port the user chose, the services on the next three. */
export interface Addresses {
  readonly edge: number;
  readonly services: Readonly<Record<ServiceName, number>>;
}

export function addressesFrom(port: number): Addresses {
  return { edge: port, services: { "tick-ingest": port + 1, "ohlc-query": port + 2, "stream-gateway": port + 3 } };
}

export function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export interface PartOptions {
  readonly addresses: Addresses;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logs: string;
}

/** What of this machine stands in front of the stack is believed, unless somebody says what else. */
const LOOPBACK = "127.0.0.0/8,::1";

/** Where the stack listens, unless somebody says where else, whether or not callers show tokens. */
const BIND_ADDRESS = "127.0.0.1,::1";
const LOCAL_ADDRESS = "127.0.0.1";
const EVERYWHERE = ["0.0.0.0", "::"];

/** The parts ask one another on loopback, wherever else they listen. */
function bindAddress({ BIND_ADDRESS: given }: PartOptions["env"]): string {
  const addresses = (given || BIND_ADDRESS).split(",").map((address) => address.trim());
  const isReached = [...EVERYWHERE, "127.0.0.1"].some((address) => addresses.includes(address));
  return (isReached ? addresses : [...addresses, "127.0.0.1"]).join(",");
}

/** The three services, not yet running. */
export function services({ addresses, env, logs }: PartOptions): ReadyProcess[] {
  // stream-gateway asks ohlc-query for the bars it starts from.
  const OHLC_QUERY_URL = localUrl(addresses.services["ohlc-query"]);
  return Object.entries(addresses.services).map(([name, port]) => {
    const script = `services/${name}/dist/main.js`;
    // The edge is a proxy in front of them, whoever stands in front of that.
    const TRUSTED_PROXIES = env.TRUSTED_PROXIES ? `${LOOPBACK},${env.TRUSTED_PROXIES}` : LOOPBACK;
    const own = { OHLC_QUERY_URL, TRUSTED_PROXIES, BIND_ADDRESS: bindAddress(env), PORT: String(port) };
    const spec = nodeProcessSpec({ name, script, env: { ...env, ...own }, logs });
    return readyOn(port, spec);
  });
}

/** What archives, not yet running: behind the others' ports, and no edge leads to it. */
export function archiver({ addresses, env, logs }: PartOptions): ReadyProcess {
  const port = archiverPort(addresses);
  const own = { BIND_ADDRESS: LOCAL_ADDRESS, PORT: String(port), TRUSTED_PROXIES: LOOPBACK };
  const script = "services/archiver/dist/main.js";
  return readyOn(port, nodeProcessSpec({ name: "archiver", script, env: { ...env, ...own }, logs }));
}

export function archiverPort({ edge: port }: Addresses): number {
  return port + 4;
}

/** The edge, not yet running. */
export function edge({ addresses, env, logs }: PartOptions): ReadyProcess {
  const urls = {
    TICK_INGEST_URL: localUrl(addresses.services["tick-ingest"]),
    OHLC_QUERY_URL: localUrl(addresses.services["ohlc-query"]),
    STREAM_GATEWAY_URL: localUrl(addresses.services["stream-gateway"]),
    TRUSTED_PROXIES: env.TRUSTED_PROXIES || LOOPBACK,
    BIND_ADDRESS: bindAddress(env),
  };
  const script = "infra/local/dist/edge/main.js";
  const spec = nodeProcessSpec({ name: "edge", script, env: { ...env, ...urls, PORT: String(addresses.edge) }, logs });
  return readyOn(addresses.edge, spec);
}

/** The simulator, not yet running. It waits for the system by itself, so it is ready at once. */
export function simulator({ addresses, env, logs }: PartOptions): ReadyProcess {
  // A token that somebody gave may be of another name.
  const feed = env.AUTH === "on" ? [] : ["--feed", "simulator"];
  const args = ["simulate", ...feed, "--url", localUrl(addresses.edge)];
  const spec = nodeProcessSpec({ name: "simulator", script: "packages/cli/bin/fx-ticks.mjs", args, env, logs });
  return new ReadyProcess({ ...spec, isReady: () => true, readyTimeoutMs: READY_TIMEOUT_MS });
}

function readyOn(port: number, spec: ProcessSpec): ReadyProcess {
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`${localUrl(port)}/ready`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    return answer.ok;
  };
  return new ReadyProcess({ ...spec, isReady, readyTimeoutMs: READY_TIMEOUT_MS });
}
