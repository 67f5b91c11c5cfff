import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { BlockList, isIP, type Socket } from "node:net";
import type { EnvReader } from "./env.js";

/** Whose word is taken for who asks, and where clients find this deployment. */
export interface Forwarding {
  /** Addresses and networks of proxies. */
  readonly trustedProxies: readonly string[];
  /** With its path, if it has one; undefined: wherever a request says that it was sent to. */
  readonly publicUrl: string | undefined;
}

/** What is said of a request besides itself. */
const SAID = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-prefix",
] as const satisfies readonly (keyof IncomingHttpHeaders)[];

type Said = Partial<Record<(typeof SAID)[number], string>>;

/** Reads `TRUSTED_PROXIES` and `PUBLIC_URL`. */
export function readForwarding(env: EnvReader): Forwarding {
  const trustedProxies: readonly string[] = env.list("TRUSTED_PROXIES", { default: [] });
  if (!trustedProxies.every(isNetwork))
    env.refuse("TRUSTED_PROXIES", "must be a comma-separated list of addresses and networks such as 10.0.0.0/8");
  return { trustedProxies, publicUrl: env.url("PUBLIC_URL", "http", { default: undefined }) };
}

/** `10.0.0.1`, or `10.0.0.0/8`. */
function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const bitsMax = isIP(address) === 6 ? 128 : 32;
  return (
    isIP(address) !== 0 && rest.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= bitsMax))
  );
}

/**
 * Makes what a request's headers say of its way here true, before anything else sees it: what comes from somebody who is no proxy
 * of ours is removed, and of what a proxy says `X-Forwarded-For` is left with one address, that of the caller. `Forwarded` counts
 * where a proxy says nothing by `X-Forwarded-…`: who sets those hands on what a client writes into the other.
 */
export function forwardingJudge({ trustedProxies, publicUrl }: Forwarding): (req: IncomingMessage) => void {
  const isProxy = proxyCheck(trustedProxies);
  const known = publicUrl === undefined ? undefined : addressedBy(publicUrl);
  return ({ headers, socket }) => {
    if (SAID.some((name) => headers[name] !== undefined)) {
      const said = isProxy(peerAddress(socket)) ? saidIn(headers, isProxy) : undefined;
      for (const name of SAID) delete headers[name];
      Object.assign(headers, said);
    }
    if (known !== undefined) Object.assign(headers, known);
  };
}

/** The address of who makes a request. */
export function callerAddress({ socket, headers }: IncomingMessage): string {
  return String(headers["x-forwarded-for"] ?? peerAddress(socket));
}

/**
 * Whose share, or limit, a request counts towards, where it is an address that counts: nothing is allowed by it. Of IPv6 it is the
 * network of 64 bits, such as `2001:db8:0:1::/64`: the smallest that one site is given, which has more addresses than can be counted.
 */
export function callerNetwork(req: IncomingMessage): string {
  const address = callerAddress(req);
  return address.includes(":") ? ipv6Network(address) : address;
}

/** The address at the other end of a connection. */
function peerAddress({ remoteAddress = "" }: Pick<Socket, "remoteAddress">): string {
  return plainAddress(remoteAddress);
}

/** The same of a connection: whoever is at its other end, a proxy perhaps. */
export function networkOf(socket: Socket): string {
  const address = peerAddress(socket);
  return address.includes(":") ? ipv6Network(address) : address;
}

function ipv6Network(address: string): string {
  const [before = "", after] = address.split("::");
  const groups = before === "" ? [] : before.split(":");
  const following = after === undefined || after === "" ? [] : after.split(":");
  const isIpv4Last = following.at(-1)?.includes(".") === true;
  const omitted = Math.max(0, 8 - groups.length - following.length - (isIpv4Last ? 1 : 0));
  const first = [...groups, ...Array<string>(omitted).fill("0"), ...following].slice(0, 4);
  return `${first.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

function proxyCheck(networks: readonly string[]): (address: string) => boolean {
  const proxies = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    proxies.addSubnet(address, bits === undefined ? (family === "ipv6" ? 128 : 32) : Number(bits), family);
  }
  return (address) => isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

function addressedBy(publicUrl: string): Said {
  const { host, protocol, pathname } = new URL(publicUrl);
  return {
    "x-forwarded-host": host,
    "x-forwarded-proto": protocol.slice(0, -1),
    "x-forwarded-prefix": pathname.replace(/\/+$/, ""),
  };
}

function saidIn(headers: IncomingHttpHeaders, isProxy: (address: string) => boolean): Said {
  const [forwarded, ...others] = SAID;
  const isSaid = others.some((name) => headers[name] !== undefined);
  const text = (name: (typeof SAID)[number]) => String(headers[name] ?? "");
  const said = isSaid
    ? Object.fromEntries(others.map((name) => [name, text(name).split(",")]))
    : partsOf(text(forwarded));
  const first = (name: (typeof SAID)[number]) => said[name]?.[0]?.trim() ?? "";
  const all: Said = {
    "x-forwarded-for": callerOf(said["x-forwarded-for"] ?? [], isProxy),
    // The first is what the client wrote; proxies of ours add to it.
    "x-forwarded-host": first("x-forwarded-host"),
    "x-forwarded-proto": first("x-forwarded-proto"),
    "x-forwarded-prefix": first("x-forwarded-prefix"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** It begins where a name does: tried within it, too, a name of 15 kB that ends in nothing would take 200 ms. */
const FORWARDED_PART = /(?<![a-z])([a-z]+)=(?:"([^"]*)"|([^\s;,"]+))/gi;

/** Of `Forwarded: for=192.0.2.60;proto=https;host=fx.example, for="[2001:db8::1]:4711"` (RFC 7239), under the other names. */
function partsOf(forwarded: string): Record<string, string[]> {
  const parts: Record<string, string[]> = {};
  for (const [, name = "", quoted, plain] of forwarded.matchAll(FORWARDED_PART)) {
    const key = `x-forwarded-${name.toLowerCase()}`;
    parts[key] ??= [];
    parts[key].push(quoted ?? plain ?? "");
  }
  return parts;
}

/** From the right: what is left of the last proxy of ours anybody may have written. Nobody: an empty text. */
function callerOf(chain: readonly string[], isProxy: (address: string) => boolean): string {
  let caller = "";
  for (const said of [...chain].reverse()) {
    const address = plainAddress(said.trim());
    if (isIP(address) === 0) break;
    caller = address;
    if (!isProxy(address)) break;
  }
  return caller;
}

/** Without a port; an IPv4 address in the clothes of IPv6 is an IPv4 address. */
function plainAddress(text: string): string {
  if (!text.includes(":") && !text.startsWith("[")) return text;
  const bracketed = /^\[([^\]]*)\]/.exec(text)?.[1];
  return (bracketed ?? text.replace(/^([\d.]+):\d+$/, "$1")).replace(/^::ffff:/i, "");
}
