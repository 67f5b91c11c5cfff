import { createHash, createPublicKey, timingSafeEqual } from "node:crypto";
import { LIMITS, type Limits, limitsProblem, SCOPES, type Scope } from "@fx-ohlc/schemas";
import { type Door, type EnvReader, type RedisAddress, readDoor, readRedis } from "@fx-ohlc/service-kit";
import type { JwtConfig } from "./jwt.js";

/** Who may come in, as the environment says. */
export interface AccessConfig {
  readonly door: Door;
  /** Where what services share about tokens is; undefined with `AUTH=off`. */
  readonly redis: RedisAddress | undefined;
  /** What the deployment's services show one another; undefined with `AUTH=off`, where nobody asks. */
  readonly internalSecret: string | undefined;
  readonly jwt: JwtConfig;
  /** What a caller without a token may do. */
  readonly anonymousScopes: readonly Scope[];
  /** Of tokens that have none of their own, and of addresses. */
  readonly defaultLimits: Limits;
  /** Tokens a second of one address that are none, before it is told to wait. */
  readonly refusedTokensPerSecond: number;
}

const INTERNAL_SECRET_LENGTH_MIN = 16;

/** Reads what every service needs to know of access; the guide's table lists the variables. */
export function readAccess(env: EnvReader): AccessConfig {
  const door = readDoor(env);
  return {
    door,
    redis: door.isGuarded ? readRedis(env) : undefined,
    internalSecret: readInternalSecret(env, door.isGuarded),
    jwt: readJwt(env),
    anonymousScopes: readScopes(env),
    defaultLimits: readLimits(env),
    refusedTokensPerSecond: env.integer("REFUSED_TOKENS_PER_SECOND", { default: 20, min: 1, max: 1_000_000 }),
  };
}

function readInternalSecret(env: EnvReader, isNeeded: boolean): string | undefined {
  const secret = env.string("INTERNAL_SECRET", { default: undefined });
  const rule = `must be at least ${INTERNAL_SECRET_LENGTH_MIN} characters with AUTH=on, the same for all services`;
  env.rule(["INTERNAL_SECRET", "AUTH"], !isNeeded || (secret ?? "").length >= INTERNAL_SECRET_LENGTH_MIN, rule);
  return secret;
}

function readJwt(env: EnvReader): JwtConfig {
  const jwksUrl = env.url("JWT_JWKS_URL", "http", { default: undefined });
  const publicKey = env.string("JWT_PUBLIC_KEY", { default: undefined });
  env.rule(
    ["JWT_PUBLIC_KEY", "JWT_JWKS_URL"],
    jwksUrl === undefined || publicKey === undefined,
    "must not be set beside JWT_JWKS_URL",
  );
  env.rule(
    ["JWT_PUBLIC_KEY"],
    publicKey === undefined || isPublicKey(publicKey),
    "must be a public key, PEM or a JSON Web Key Set",
  );
  const text = (name: string) => env.string(name, { default: undefined });
  return { jwksUrl, publicKey, issuer: text("JWT_ISSUER"), audience: text("JWT_AUDIENCE") };
}

function isPublicKey(text: string): boolean {
  try {
    if (text.startsWith("{")) JSON.parse(text);
    else createPublicKey(text);
    return true;
  } catch {
    return false;
  }
}

function readScopes(env: EnvReader): readonly Scope[] {
  const words: readonly string[] = env.list("ANONYMOUS_SCOPES", { default: [] });
  const scopes = SCOPES.filter((scope) => words.includes(scope));
  if (scopes.length !== new Set(words).size) env.refuse("ANONYMOUS_SCOPES", `must be of ${SCOPES.join(", ")}`);
  return scopes;
}

/** `requests_per_second=100,ticks_per_second=5000`. */
function readLimits(env: EnvReader): Limits {
  const words: readonly string[] = env.list("DEFAULT_LIMITS", { default: [] });
  const entries = words.map((word) => /^(\w+)=(\d{1,12}(?:\.\d{1,6})?)$/.exec(word)?.slice(1) ?? []);
  const limits = Object.fromEntries(entries.map(([name, value]) => [name, Number(value)]));
  const isFine = entries.every(([name]) => name !== undefined) && limitsProblem(limits) === undefined;
  if (!isFine)
    env.refuse(
      "DEFAULT_LIMITS",
      `must be a comma-separated list such as requests_per_second=100, of ${LIMITS.join(", ")}`,
    );
  return limits;
}

/** Compares with the secret, in a time that tells nothing of it. */
export function internalSecretCheck(secret: string | undefined): (token: string) => boolean {
  if (secret === undefined) return () => false;
  const hashOf = (text: string) => createHash("sha256").update(text).digest();
  const own = hashOf(secret);
  return (token) => timingSafeEqual(hashOf(token), own);
}
