import type { IncomingMessage } from "node:http";
import type { Limits, Scope } from "@fx-ohlc/schemas";
import {
  type Caller,
  callerAddress,
  type Door,
  type Gate,
  type Guarded,
  Problem,
  type RouteAccess,
  requireAllowedHost,
  Semaphore,
  unavailable,
} from "@fx-ohlc/service-kit";
import { BoundedMap } from "./bounded-map.js";
import { type Credentials, takeCredentials, tokenIn } from "./credentials.js";
import type { VerifiedJwt, VerifyJwt } from "./jwt.js";
import type { KeyList, KnownKey } from "./key-list.js";
import { isSecretOf, parseKeyToken } from "./key-token.js";
import type { TokenQuota } from "./limits/token-quota.js";
import { AnonymousCaller, INTERNAL_CALLER, OPEN_CALLER } from "./other-callers.js";
import type { RefusedTokens } from "./refused-tokens.js";
import type { TicketHolder } from "./tickets.js";
import { TokenCaller } from "./token-caller.js";

/** Tokens that were judged, with whose they are. Only valid ones are in here. */
const REMEMBERED_MAX = 20_000;
/** Longer ones, of which there are JWTs, are judged each time: what is remembered has its bound in bytes, too. */
const REMEMBERED_LENGTH_MAX = 2048;

/** JWTs that may wait to be verified one after the other: a fraction of a second. */
const IN_TURN_MAX = 1000;

/** What a request shows, with the token that its header holds. */
interface Shown extends Credentials {
  readonly bearer: string | undefined;
}

/** What tokens are judged by. */
export interface GateOptions {
  readonly list: KeyList;
  /** Looks whether a key that nobody knows was made just now. */
  readonly refresh: () => Promise<void>;
  readonly verifyJwt: VerifyJwt | undefined;
  readonly redeem: (ticket: string) => Promise<TicketHolder | undefined>;
  /** What this deployment's services show one another; undefined: nothing is internal. */
  readonly isInternalSecret: (token: string) => boolean;
  readonly anonymousScopes: readonly Scope[];
  readonly refused: RefusedTokens;
  /** What a token, or an address, may still do. */
  readonly quotaOf: (id: string, limits: () => Limits) => TokenQuota;
  /** Told of every caller with a token. */
  readonly onUse: (caller: TokenCaller) => void;
}

/** With `AUTH=off`: lets everybody in who addresses this machine. */
export function openGate(door: Door): Gate {
  return {
    admit: (req, { anyHost }) => {
      if (anyHost !== true) requireAllowedHost(door, req);
      takeCredentials(req);
      return OPEN_CALLER;
    },
  };
}

/**
 * With `AUTH=on`: judges tokens. One that was judged before costs a look into a map, whatever kind it is: keys are compared by
 * their hash, and signatures verified, the first time.
 */
export class TokenGate implements Gate {
  readonly #known = new BoundedMap<string, Caller>(REMEMBERED_MAX);
  readonly #verifying = new Map<string, Promise<Caller>>();
  readonly #turns = new Semaphore(1);
  #inTurn = 0;

  constructor(private readonly options: GateOptions) {}

  admit(req: IncomingMessage, { access }: Guarded): Caller | Promise<Caller> {
    const shown = takeCredentials(req);
    const bearer = shown.authorization === undefined ? undefined : tokenIn(shown.authorization);
    const known = bearer === undefined ? undefined : this.#remembered(bearer);
    return known === undefined ? this.#admitUnknown(req, { ...shown, bearer }, access) : this.#admitted(known, access);
  }

  /** Every request counts, also one that is refused then, but for those that anybody may make. */
  #admitted(caller: Caller, access: RouteAccess): Caller | Promise<Caller> {
    if (caller instanceof TokenCaller) this.#note(caller);
    if (access === "public") return caller;
    const taking = caller.quota?.take("requests_per_second", 1);
    return taking === undefined ? judged(caller, access) : taking.then(() => judged(caller, access));
  }

  /** Whose token this is, if it was judged before and is still good. */
  #remembered(bearer: string): Caller | undefined {
    const caller = this.#known.get(bearer);
    if (!(caller instanceof TokenCaller)) return caller;
    if (this.#isCurrent(caller)) return caller;
    this.#known.delete(bearer);
    return undefined;
  }

  /** A key that was changed has another caller. */
  #isCurrent(caller: TokenCaller): boolean {
    if (caller.isExpired) return false;
    return caller.jwt === undefined ? this.options.list.find(caller.keyId)?.caller === caller : !caller.isEnded;
  }

  /** Who has guessed too much is told to wait, and whoever shows something good from the same address is let in all the same. */
  async #admitUnknown(req: IncomingMessage, shown: Shown, access: RouteAccess): Promise<Caller> {
    const { refused } = this.options;
    const address = callerAddress(req);
    const anonymous = this.#anonymous(address);
    try {
      const identified = await this.#identify(shown, access, refused.isOver(address));
      return await this.#admitted(identified ?? anonymous, access);
    } catch (error) {
      const isRefused = showsToken(shown) && isUnauthorized(error);
      const isTooMuch = isRefused && refused.isOver(address);
      if (isRefused) refused.count(address);
      // What everybody may ask for is not refused to who shows a token that is none.
      if (access === "public") return anonymous;
      if (isRefused) anonymous.quota?.spend("requests_per_second", 1);
      throw isTooMuch ? tooManyRefused(refused) : error;
    }
  }

  /** Whoever shows no token is known by its address alone. */
  #anonymous(address: string): Caller {
    const { anonymousScopes, quotaOf } = this.options;
    const id = `address:${address}`;
    return new AnonymousCaller(anonymousScopes, () => quotaOf(id, () => NO_LIMITS));
  }

  /**
   * Costs a hash, at most a question to Redis, or one that all guesses share; but for signatures.
   *
   * @param isInTurn whether a signature is verified when no other one of such a caller is
   * @returns undefined: nothing was shown
   */
  async #identify(
    { bearer, ticket, token }: Shown,
    access: RouteAccess,
    isInTurn: boolean,
  ): Promise<Caller | undefined> {
    if (bearer !== undefined) return this.#authorized(bearer, isInTurn);
    if (ticket !== undefined && access === "stream") return this.#holderOf(await this.options.redeem(ticket));
    if (token === undefined) return undefined;
    const key = await this.#keyOf(token);
    if (!key.record.inUrl) throw unauthorized("This key was not made for URLs.");
    return key.caller;
  }

  async #authorized(bearer: string, isInTurn: boolean): Promise<Caller> {
    const caller = this.options.isInternalSecret(bearer)
      ? INTERNAL_CALLER
      : bearer.startsWith("fxk_")
        ? (await this.#keyOf(bearer)).caller
        : await this.#jwtCaller(bearer, isInTurn);
    if (bearer.length <= REMEMBERED_LENGTH_MAX) this.#known.set(bearer, caller);
    return caller;
  }

  async #keyOf(token: string): Promise<KnownKey> {
    const parsed = parseKeyToken(token);
    if (parsed === undefined) throw unauthorized("This is no API key.");
    const key = await this.#findKey(parsed.id);
    if (!isSecretOf(parsed.secret, key.record.hash) || key.caller.isExpired) throw unauthorized();
    return key;
  }

  async #findKey(id: string): Promise<KnownKey> {
    const { list, refresh } = this.options;
    if (list.find(id) === undefined) await refresh();
    const key = list.find(id);
    if (key !== undefined) return key;
    throw list.isStale ? unavailable("The list of keys") : unauthorized();
  }

  /** Many requests with one new token verify it once. */
  #jwtCaller(token: string, isInTurn: boolean): Promise<Caller> {
    const running = this.#verifying.get(token);
    if (running !== undefined) return running;
    const verify = isInTurn ? this.#verifyInTurn(token) : this.#verify(token);
    const verifying = verify.finally(() => this.#verifying.delete(token));
    this.#verifying.set(token, verifying);
    return verifying;
  }

  async #verifyInTurn(token: string): Promise<Caller> {
    if (this.#inTurn >= IN_TURN_MAX) throw tooManyRefused(this.options.refused);
    this.#inTurn += 1;
    return this.#turns.run(() => this.#verify(token)).finally(() => (this.#inTurn -= 1));
  }

  async #verify(token: string): Promise<Caller> {
    const { verifyJwt, list } = this.options;
    if (verifyJwt === undefined) throw unauthorized();
    const jwt = await verifyJwt(token);
    // It may have been revoked since the list was last seen.
    if (list.isStale) throw unavailable("The list of keys");
    return this.#callerOfJwt(jwt);
  }

  #callerOfJwt({ rights, subject, issuedMs }: VerifiedJwt): TokenCaller {
    const isRevoked = () => this.options.list.isRevoked(subject, issuedMs);
    const caller = new TokenCaller(rights, isRevoked, { subject, issuedMs });
    if (caller.isEnded) throw unauthorized();
    return caller;
  }

  async #holderOf(holder: TicketHolder | undefined): Promise<Caller> {
    if (holder === undefined) throw unauthorized("This ticket is not valid: each is good once, within 30 s.");
    if (holder.kind === "jwt") return this.#callerOfJwt(holder.jwt);
    const { caller } = await this.#findKey(holder.id);
    if (caller.isExpired) throw unauthorized();
    return caller;
  }

  /** Of a key as they are by now, whenever it was shown. */
  #limitsOf({ keyId, jwt, limits }: TokenCaller): Limits {
    const now = jwt === undefined ? this.options.list.find(keyId)?.record.limits : undefined;
    return now ?? limits;
  }

  #note(caller: TokenCaller): void {
    const { onUse, quotaOf } = this.options;
    caller.quotaOf ??= () => quotaOf(caller.id, () => this.#limitsOf(caller));
    if (!caller.isNoted) onUse(caller);
  }
}

const NO_LIMITS: Limits = {};

/** @throws Problem 401 without a token, 403 with one whose rights do not cover the route */
function judged(caller: Caller, access: Exclude<RouteAccess, "public">): Caller {
  const mayCall =
    access === "internal"
      ? caller === INTERNAL_CALLER
      : access === "any-token"
        ? caller instanceof TokenCaller
        : caller.has(access);
  if (mayCall) return caller;
  if (caller instanceof AnonymousCaller) throw unauthorized("Show a token: Authorization: Bearer …");
  throw new Problem("forbidden", refusalOf(access));
}

function refusalOf(access: RouteAccess): string {
  if (access === "internal") return "Only this deployment's own services may ask for this.";
  return access === "any-token" ? "This is no token of a caller." : `This token has not the scope ${access}.`;
}

function showsToken(shown: Shown): boolean {
  return Object.values(shown).some((secret) => secret !== undefined);
}

/** Who has guessed too much is not told how wrong he is. */
function tooManyRefused({ perSecond }: RefusedTokens): Problem {
  return new Problem("too_many_requests", `This address shows more than ${perSecond} tokens a second that are none.`);
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof Problem && error.code === "unauthorized";
}

/** Says nothing of why a token is not valid: whoever guesses learns nothing. */
export function unauthorized(detail = "This token is not valid."): Problem {
  return new Problem("unauthorized", detail, { headers: { "WWW-Authenticate": "Bearer" } });
}
