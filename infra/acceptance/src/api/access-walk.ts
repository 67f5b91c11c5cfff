import { createHmac, type KeyObject } from "node:crypto";
import type { RouteAccess } from "@fx-ohlc/service-kit";
import { SignJWT } from "jose";
import type { ApiParameter, PlacedOperation } from "./api-document.js";
import type { ApiRequest } from "./exchange.js";

/** Who signs JWTs in a walk. */
export interface Signer {
  readonly privateKey: KeyObject;
  readonly publicPem: string;
  readonly strangersKey: KeyObject;
}

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

function sign(key: KeyObject, claims: Readonly<Record<string, unknown>>): Promise<string> {
  const whole = { sub: "walker", iat: inSeconds(0), exp: inSeconds(600), ...claims };
  return new SignJWT(whole).setProtectedHeader({ alg: "ES256" }).sign(key);
}

/** Tokens that open nothing, by what is wrong with them; undefined: none is shown. */
export async function badTokens(signer: Signer, scope: string): Promise<Readonly<Record<string, string | undefined>>> {
  const claims = { scope };
  const unsigned = (alg: string) => `${base64({ alg })}.${base64({ sub: "walker", exp: inSeconds(600), ...claims })}`;
  const withPublicKey = unsigned("HS256");
  return {
    "no token": undefined,
    garbage: "garbage",
    "a key of nobody": `fxk_nobody_${"x".repeat(43)}`,
    "an expired JWT": await sign(signer.privateKey, { ...claims, exp: inSeconds(-1) }),
    "a JWT of a stranger": await sign(signer.strangersKey, claims),
    "a JWT with alg none": `${unsigned("none")}.`,
    "a JWT signed with the public key": `${withPublicKey}.${createHmac("sha256", signer.publicPem).update(withPublicKey).digest("base64url")}`,
  };
}

/** A token of every scope but one. */
export function tokenWithout(signer: Signer, missing: RouteAccess, scopes: readonly string[]): Promise<string> {
  return sign(signer.privateKey, { scope: scopes.filter((scope) => scope !== missing).join(" ") });
}

/** A token of one scope for symbols that a walk never names. */
export function tokenElsewhere(signer: Signer, scope: RouteAccess): Promise<string> {
  return sign(signer.privateKey, { scope, symbols: ["ELSEWHERE*"] });
}

/** Values of parameters; what is not here is left to the parameter's own example. */
const VALUES: Readonly<Record<string, string>> = {
  symbol: "EURUSD",
  time: "2025-12-05T10:00:00Z",
  start: "2025-12-05T10:00:00Z",
  end: "2025-12-05T11:00:00Z",
  interval: "5m",
  channels: "ticks:EURUSD",
  resolution: "5",
  from: "0",
  to: "4000000000",
  service: "tick-ingest",
};

/** What the document calls optional, and is not when others are absent. */
const USEFUL: readonly string[] = ["symbol", "start", "from"];

/** A request that is fine but for who makes it. */
export function walkRequest({ method, path, parameters, requestBody }: PlacedOperation, token?: string): ApiRequest {
  const isStream = /^\/ws/.test(path) && path !== "/ws/stats";
  const values = isStream ? { ...VALUES, interval: "minute" } : VALUES;
  const parameterOf = (name: string) => values[name] ?? "1";
  const target = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameterOf(name)));
  const isNamed = ({ name, required }: ApiParameter) => required || USEFUL.includes(name);
  const named = parameters.filter((parameter) => parameter.in === "query" && isNamed(parameter));
  const query = String(new URLSearchParams(Object.fromEntries(named.map(({ name }) => [name, parameterOf(name)]))));
  return {
    method,
    target: query === "" ? target : `${target}?${query}`,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(requestBody === undefined ? {} : { "content-type": "application/json" }),
      ...(isStream
        ? {
            connection: "Upgrade",
            upgrade: "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
          }
        : {}),
    },
    ...(requestBody === undefined ? {} : { body: bodyOf(path) }),
  };
}

function bodyOf(path: string): string {
  if (path.endsWith("/write")) return "fx,symbol=EURUSD price=1.1 1764928800000000000";
  const tick = { symbol: "EURUSD", price: 1.1, time: VALUES.time };
  return JSON.stringify(path === "/ticks/bulk" ? [tick] : path === "/ticks" ? tick : {});
}
