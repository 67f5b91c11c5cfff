import type { IncomingMessage } from "node:http";

/** What a request shows of who makes it. */
export interface Credentials {
  /** The whole `Authorization` header. */
  readonly authorization: string | undefined;
  /** A key in the URL. */
  readonly token: string | undefined;
  /** Of `POST /tickets`. */
  readonly ticket: string | undefined;
}

/** `Token` is what clients of InfluxDB say. */
const SCHEME = /^(?:bearer|token) +/i;
const SECRETS = ["token", "ticket"] as const;

/** The token that a header holds; undefined in one of another scheme. */
export function tokenIn(authorization: string): string | undefined {
  if (authorization.startsWith("Bearer ")) return authorization.slice("Bearer ".length).trim();
  return SCHEME.test(authorization) ? authorization.replace(SCHEME, "").trim() : undefined;
}

/** Reads what a request shows, and takes what is secret out of its URL, so that no log, link or error can repeat it. */
export function takeCredentials(req: Pick<IncomingMessage, "url" | "headers">): Credentials {
  const { authorization } = req.headers;
  const { url = "" } = req;
  const mark = url.indexOf("?");
  if (mark < 0 || !mayHoldSecret(url)) return { authorization, token: undefined, ticket: undefined };
  const kept: string[] = [];
  const secrets = new Map<string, string>();
  for (const part of url.slice(mark + 1).split("&")) {
    const [name, value] = [...new URLSearchParams(part)][0] ?? ["", ""];
    if (SECRETS.some((secret) => secret === name)) secrets.set(name, value);
    else kept.push(part);
  }
  req.url = kept.length === 0 ? url.slice(0, mark) : `${url.slice(0, mark)}?${kept.join("&")}`;
  return { authorization, token: secrets.get("token"), ticket: secrets.get("ticket") };
}

/** Names may be escaped. */
function mayHoldSecret(url: string): boolean {
  if (url.includes("token=") || url.includes("ticket=")) return true;
  return url.includes("%") && /%[67]\d|%[67][a-f]/i.test(url);
}
