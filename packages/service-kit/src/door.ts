import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { EnvReader } from "./env.js";
import { type Forwarding, readForwarding } from "./forwarding.js";
import { type AllowedOrigins, readOrigins } from "./origins.js";
import { Problem } from "./problem.js";

/** Where a process listens, by which names it may be called, and from which pages. */
export interface Door extends Forwarding {
  /** Whether callers have to show tokens. */
  readonly isGuarded: boolean;
  /** undefined: every address of the machine. */
  readonly bindAddresses: readonly string[] | undefined;
  /** Names besides those of loopback, lower case and without a port; only looked at when nobody shows tokens. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly allowedOrigins: AllowedOrigins;
}

/** Where nobody but this machine reaches a process: `localhost` is one or the other. */
const LOOPBACK = ["127.0.0.1", "::1"] as const;
const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

/**
 * Reads `AUTH`, `BIND_ADDRESS` and `ALLOWED_HOSTS`. Without tokens a process is for this machine alone: it refuses to listen on
 * any other address unless `AUTH_OFF_I_UNDERSTAND` says so.
 */
export function readDoor(env: EnvReader): Door {
  const isGuarded = env.choice("AUTH", ["off", "on"], { default: "off" as const }) === "on";
  const given = env.list("BIND_ADDRESS", { default: isGuarded ? undefined : LOOPBACK });
  const isUnderstood = env.boolean("AUTH_OFF_I_UNDERSTAND", { default: false });
  env.rule(
    ["BIND_ADDRESS", "AUTH", "AUTH_OFF_I_UNDERSTAND"],
    isGuarded || isUnderstood || given === undefined || given.every(isLoopback),
    "must be a loopback address with AUTH=off: anybody who reaches another one could read and write everything. Set AUTH=on, or AUTH_OFF_I_UNDERSTAND=true",
  );
  const hosts = env.list("ALLOWED_HOSTS", { default: [] });
  return {
    isGuarded,
    bindAddresses: given,
    allowedHosts: new Set(hosts.map((host) => host.toLowerCase())),
    allowedOrigins: readOrigins(env),
    ...readForwarding(env),
  };
}

/** The name a request is addressed to, without its port; empty where it says none. */
function addressedName({ host = "" }: IncomingMessage["headers"]): string {
  return host.replace(/:\d*$/, "").toLowerCase();
}

/**
 * Without tokens only the name in a request tells a page of this machine from any other page in its browser, which may have had
 * its own name lead here (DNS rebinding).
 *
 * @throws Problem 421 when the name is neither one of loopback nor allowed
 */
export function requireAllowedHost({ isGuarded, allowedHosts }: Door, req: Pick<IncomingMessage, "headers">) {
  if (isGuarded) return;
  const name = addressedName(req.headers);
  if (LOOPBACK_NAMES.has(name) || allowedHosts.has(name)) return;
  throw new Problem(
    "misdirected",
    "Nothing is served by this name: with AUTH=off only loopback and ALLOWED_HOSTS are.",
  );
}
