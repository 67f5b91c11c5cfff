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
  readonly bindAddress: string | undefined;
  /** Names besides those of loopback, lower case and without a port; only looked at when nobody shows tokens. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly allowedOrigins: AllowedOrigins;
}

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
  const given = env.string("BIND_ADDRESS", { default: isGuarded ? undefined : "127.0.0.1" });
  const isUnderstood = env.boolean("AUTH_OFF_I_UNDERSTAND", { default: false });
  env.rule(
    ["BIND_ADDRESS", "AUTH", "AUTH_OFF_I_UNDERSTAND"],
    isGuarded || isUnderstood || given === undefined || isLoopback(given),
    "must be a loopback address with AUTH=off: anybody who reaches another one could read and write everything. Set AUTH=on, or AUTH_OFF_I_UNDERSTAND=true",
  );
  const hosts = env.list("ALLOWED_HOSTS", { default: [] });
  return {
    isGuarded,
    bindAddress: given,
    allowedHosts: new Set(hosts.map((host) => host.toLowerCase())),
    allowedOrigins: readOrigins(env),
    ...readForwarding(env),
  };
}

/** The name a request is addressed to, without its port: of its target where that is a whole URL (RFC 9112 §3.2.2). */
function addressedName({ url = "", headers }: Pick<IncomingMessage, "url" | "headers">): string {
  const whole = url.startsWith("/") ? undefined : /^https?:\/\/([^/?#]*)/i.exec(url)?.[1];
  const authority = whole ?? headers.host ?? "";
  return authority.replace(/:\d*$/, "").toLowerCase();
}

/**
 * Without tokens only the name in a request tells a page of this machine from any other page in its browser, which may have had
 * its own name lead here (DNS rebinding).
 *
 * @throws Problem 421 when the name is neither one of loopback nor allowed
 */
export function requireAllowedHost({ isGuarded, allowedHosts }: Door, req: Pick<IncomingMessage, "url" | "headers">) {
  if (isGuarded) return;
  const name = addressedName(req);
  if (LOOPBACK_NAMES.has(name) || allowedHosts.has(name)) return;
  throw new Problem(
    "misdirected",
    "Nothing is served by this name: with AUTH=off only loopback and ALLOWED_HOSTS are.",
  );
}
