import { createPublicKey } from "node:crypto";
import {
  CALLER_LIMIT_MAX,
  isLimitName,
  isSubject,
  type LimitName,
  type Limits,
  limitMin,
  limitType,
  SCOPES,
  type Scope,
  subjectName,
} from "@fx-ohlc/schemas";
import { Problem, unavailable } from "@fx-ohlc/service-kit";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import type { Rights } from "./rights.js";
import { storedPatterns } from "./stored-patterns.js";

/** Pinned: with `none` anybody could sign, and with HS256 whoever knows the public key. */
const ALGORITHMS = ["RS256", "ES256", "EdDSA"];
/** A set of keys is asked for again after this, and for a key it does not hold no more often than after that, ms. */
const JWKS_MAX_AGE_MS = 600_000;
const JWKS_COOLDOWN_MS = 5000;
const JWKS_TIMEOUT_MS = 3000;

/** Who signs tokens, and for whom. */
export interface JwtConfig {
  /** Where the public keys are; or {@link publicKey} holds them. */
  readonly jwksUrl: string | undefined;
  /** PEM, or a JSON Web Key Set. */
  readonly publicKey: string | undefined;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/** A JWT whose signature and claims are right. */
export interface VerifiedJwt {
  readonly rights: Rights;
  readonly subject: string;
  /** When it was issued, in milliseconds; undefined: it does not say. */
  readonly issuedMs: number | undefined;
}

/** Verifies a token; undefined where no JWTs are taken. */
export type VerifyJwt = (token: string) => Promise<VerifiedJwt>;

/**
 * What verifies JWTs.
 *
 * @throws Error when the public key is none
 */
export function jwtVerifier(config: JwtConfig): VerifyJwt | undefined {
  const keys = keysOf(config);
  if (keys === undefined) return undefined;
  const { issuer, audience } = config;
  const options = {
    algorithms: ALGORITHMS,
    requiredClaims: ["sub", "exp"],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, options);
      return verified(payload);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem("unauthorized", "This token is not valid.", { cause: error });
    }
  };
}

function keysOf({ jwksUrl, publicKey }: JwtConfig): JWTVerifyGetKey | undefined {
  if (jwksUrl !== undefined) return remoteKeys(new URL(jwksUrl));
  if (publicKey === undefined) return undefined;
  if (publicKey.startsWith("{")) return createLocalJWKSet(JSON.parse(publicKey) as JSONWebKeySet); // It checks it.
  const key = createPublicKey(publicKey);
  return async () => key;
}

/** Where the keys cannot be had, nobody knows whether a token is valid: that is no refusal of it. */
function remoteKeys(url: URL): JWTVerifyGetKey {
  const options = {
    cacheMaxAge: JWKS_MAX_AGE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    timeoutDuration: JWKS_TIMEOUT_MS,
  };
  const keys = createRemoteJWKSet(url, options);
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const isRefusal =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      throw isRefusal ? error : unavailable("The list of keys that JWTs are signed with", error);
    }
  };
}

/** Clocks of those who sign tokens may be so far ahead, ms. */
const ISSUED_AHEAD_MAX_MS = 60_000;

/** Who may make keys could make himself one for every symbol: as with keys, nobody may who is held to some. */
function scopesOf(scope: unknown, symbols: unknown): Scope[] {
  const named = wordsOf(scope).filter((word): word is Scope => SCOPES.some((known) => known === word));
  return symbols === undefined ? named : named.filter((word) => word !== "admin");
}

/** @throws Problem 401 for one that could not be revoked, or whose name nobody could read */
function verified({ sub = "", exp = 0, iat, scope, symbols, feeds, limits }: JWTPayload): VerifiedJwt {
  const isNamed = isSubject(sub) && sub !== "__proto__";
  const isIssued = iat === undefined || iat * 1000 <= Date.now() + ISSUED_AHEAD_MAX_MS;
  if (!isNamed || !isIssued) throw new Problem("unauthorized", "This token is not valid.");
  return {
    subject: sub,
    issuedMs: iat === undefined ? undefined : iat * 1000,
    rights: {
      ...{ id: `jwt:${sub}`, name: subjectName(sub), expiresMs: exp * 1000 },
      scopes: scopesOf(scope, symbols),
      symbols: symbols === undefined ? undefined : storedPatterns(wordsOf(symbols)),
      feeds: Array.isArray(feeds) ? feeds.map(String) : [typeof feeds === "string" ? feeds : sub],
      limits: limitsOf(limits),
    },
  };
}

/** Words of a claim: separated by spaces, as OAuth has them, or a list. */
function wordsOf(claim: unknown): string[] {
  if (typeof claim === "string") return claim.split(/[ ,]+/).filter((word) => word !== "");
  return Array.isArray(claim) ? claim.map(String) : [];
}

function nextLimit(name: LimitName, value: number): number {
  const within = Math.min(CALLER_LIMIT_MAX, Math.max(limitMin(name), value));
  return limitType(name) === "integer" ? Math.floor(within) : within;
}

/** Whoever signs a limit out of its range means the end of it that is next: none would be no bound at all. */
function limitsOf(claim: unknown): Limits {
  const entries = Object.entries(Object(claim)).flatMap(([name, value]) =>
    isLimitName(name) && typeof value === "number" ? [[name, nextLimit(name, value)]] : [],
  );
  return Object.fromEntries(entries);
}
