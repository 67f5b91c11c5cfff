import type { EnvReader } from "./env.js";

/** What `REDIS_URL` names; every URL is that of one server. */
export type RedisAddress =
  | { readonly kind: "one"; readonly url: string }
  | { readonly kind: "cluster"; readonly nodes: readonly string[] }
  | {
      readonly kind: "sentinel";
      readonly sentinels: readonly string[];
      /** By what name the sentinels know the master. */
      readonly master: string;
      /** User, password and TLS of the servers they watch; its host is none of them. */
      readonly server: string;
    };

const SEVERAL = /^(rediss?)\+(cluster|sentinel):\/\/(?:([^@/]*)@)?([^@/?]+)(?:\/([^/?]*))?(?:\?(.*))?$/;

/**
 * Reads a Redis URL: `redis://host:port` is one server, `redis+cluster://host:port,host:port` a cluster of which any nodes are
 * named, `redis+sentinel://host:port,host:port/master` what sentinels call so. `rediss` for `redis` is TLS. User and password
 * (`user:password@`, percent-encoded) are the servers', `?sentinel_user=…&sentinel_password=…` the sentinels' own.
 *
 * @returns undefined when it is not such a URL
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const [, scheme, kind, userinfo, hosts = "", master = "", query = ""] = SEVERAL.exec(text) ?? [];
  if (scheme === undefined) return isServerUrl(text) ? { kind: "one", url: text } : undefined;
  const urlsOf = (list: string, who: string | undefined) =>
    list.split(",").map((host) => `${scheme}://${who === undefined ? "" : `${who}@`}${host}`);
  const nodes = urlsOf(hosts, userinfo);
  if (!nodes.every(isServerUrl)) return undefined;
  if (kind === "cluster") {
    return master === "" && query === "" ? { kind, nodes } : undefined;
  }
  const own = new URLSearchParams(query);
  const [user, password] = ["sentinel_user", "sentinel_password"].map((name) => own.get(name) ?? "");
  const who = `${encodeURIComponent(user ?? "")}:${encodeURIComponent(password ?? "")}`;
  const sentinels = urlsOf(hosts, who === ":" ? undefined : who);
  const [server = ""] = urlsOf("any", userinfo);
  return master === "" ? undefined : { kind: "sentinel", sentinels, master, server };
}

/** The URL of another server that is spoken to in the same way. */
export function withAddress(url: string, host: string, port: number): string {
  const other = new URL(url);
  other.hostname = host.includes(":") ? `[${host}]` : host;
  other.port = String(port);
  return other.href;
}

function isServerUrl(text: string): boolean {
  return URL.canParse(text) && ["redis:", "rediss:"].includes(new URL(text).protocol) && new URL(text).hostname !== "";
}

/** Reads `REDIS_URL`. `REDIS_CLUSTER=true` is how the first version said that it names a node of a cluster. */
export function readRedis(env: EnvReader): RedisAddress {
  const address = parseRedisUrl(env.url("REDIS_URL", "redis"));
  const isCluster = env.boolean("REDIS_CLUSTER", { default: false });
  if (address === undefined) {
    env.refuse("REDIS_URL", "must name one server, redis+cluster://host:port,… or redis+sentinel://host:port,…/master");
    return { kind: "one", url: "" };
  }
  if (!isCluster || address.kind === "cluster") return address;
  env.rule(["REDIS_CLUSTER", "REDIS_URL"], address.kind === "one", "must not be set beside a REDIS_URL of sentinels");
  return { kind: "cluster", nodes: address.kind === "one" ? [address.url] : [] };
}

/** Reads `STREAM_KEEP_S`: how long streams keep a message, and how old a tick may be that is put there. */
export function readStreamKeep(env: EnvReader): number {
  return env.integer("STREAM_KEEP_S", { default: 300, min: 10, max: 86_400, unit: "s" });
}
