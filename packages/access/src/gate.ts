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
  unavailable,
} from "@fx-ohlc/service-kit";
import { BoundedMap } from "./bounded-map.js";
import { type Credentials, takeCredentials, tokenIn } from "./credentials.js";
import type { VerifiedJwt, VerifyJwt } from "./jwt.js";
import type { KeyList, KnownKey } from "./key-list.js";
import { isSecretOf, parseKeyToken } from "./key-token.js";
import type { TokenQuota } from "./limits/token-quota.js";
import { AnonymousCaller, INTERNAL_CALLER, OPEN_CALLER } from "./other-callers.js";
import type { TicketHolder } from "./tickets.js";
import { TokenCaller } from "./token-caller.js";

/** Tokens that were judged, with whose they are. Only valid ones are in here. */
const REMEMBERED_MAX = 20_000;

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
  /** What a token, or an address, may still do. */
  readonly quotaOf: (id: string, limits: Limits) => TokenQuota | undefined;
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

  constructor(private readonly options: GateOptions) {}

  admit(req: IncomingMessage, { access }: Guarded): Caller | Promise<Caller> {
    const shown = takeCredentials(req);
    const known = shown.authorization === undefined ? undefined : this.#remembered(shown.authorization);
    if (known === undefined) return this.#admitUnknown(req, shown, access);
    const caller = this.#judge(known, access);
    return access === "public" ? caller : counted(caller);
  }

  /** Whose ticket-less, URL-less token this is, if it was judged before and is still good. */
  #remembered(authorization: string): Caller | undefined {
    const caller = this.#known.get(authorization);
    if (!(caller instanceof TokenCaller)) return caller;
    if (this.#isCurrent(caller)) return caller;
    this.#known.delete(authorization);
    return undefined;
  }

  /** A key that was changed has another caller. */
  #isCurrent(caller: TokenCaller): boolean {
    if (caller.isExpired) return false;
    return caller.jwt === undefined ? this.options.list.find(caller.keyId)?.caller === caller : !caller.isEnded;
  }

  async #admitUnknown(req: IncomingMessage, shown: Credentials, access: RouteAccess): Promise<Caller> {
    const anonymous = this.#anonymous(req);
    const showsToken = Object.values(shown).some((secret) => secret !== undefined);
    // Who has guessed too much is not told either when a guess is right.
    if (showsToken && access !== "public") await anonymous.quota?.take("requests_per_second", 0);
    try {
      const caller = this.#judge((await this.#identify(shown, access)) ?? anonymous, access);
      return access === "public" ? caller : await counted(caller);
    } catch (error) {
      // What everybody may ask for is not refused to who shows a token that is none.
      if (access === "public") return anonymous;
      if (showsToken && isUnauthorized(error)) anonymous.quota?.spend("requests_per_second", 1);
      throw error;
    }
  }

  /** Whoever shows no token is known by its address alone. */
  #anonymous(req: IncomingMessage): Caller {
    const { anonymousScopes, quotaOf } = this.options;
    const id = `address:${callerAddress(req)}`;
    return new AnonymousCaller(anonymousScopes, () => quotaOf(id, {}));
  }

  /** undefined: nothing was shown. */
  async #identify({ authorization, ticket, token }: Credentials, access: RouteAccess): Promise<Caller | undefined> {
    const shown = authorization === undefined ? undefined : tokenIn(authorization);
    if (authorization !== undefined && shown !== undefined) return this.#authorized(authorization, shown);
    if (ticket !== undefined && access === "stream") return this.#holderOf(await this.options.redeem(ticket));
    if (token === undefined) return undefined;
    const key = await this.#keyOf(token);
    if (!key.record.inUrl) throw unauthorized("This key was not made for URLs.");
    return key.caller;
  }

  async #authorized(authorization: string, token: string): Promise<Caller> {
    const caller = this.options.isInternalSecret(token)
      ? INTERNAL_CALLER
      : token.startsWith("fxk_")
        ? (await this.#keyOf(token)).caller
        : await this.#jwtCaller(authorization, token);
    this.#known.set(authorization, caller);
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
  #jwtCaller(authorization: string, token: string): Promise<Caller> {
    const running = this.#verifying.get(authorization);
    if (running !== undefined) return running;
    const verifying = this.#verify(token).finally(() => this.#verifying.delete(authorization));
    this.#verifying.set(authorization, verifying);
    return verifying;
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

  #note(caller: TokenCaller): void {
    const { onUse, quotaOf } = this.options;
    caller.quotaOf ??= () => quotaOf(caller.id, caller.limits);
    if (!caller.isNoted) onUse(caller);
  }

  /** @throws Problem 401 without a token, 403 with one whose rights do not cover the route */
  #judge(caller: Caller, access: RouteAccess): Caller {
    if (caller instanceof TokenCaller) this.#note(caller);
    if (access === "public") return caller;
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
}

/** Every request counts, but for those that anybody may make. */
function counted(caller: Caller): Caller | Promise<Caller> {
  const taking = caller.quota?.take("requests_per_second", 1);
  return taking === undefined ? caller : taking.then(() => caller);
}

function refusalOf(access: RouteAccess): string {
  if (access === "internal") return "Only this deployment's own services may ask for this.";
  return access === "any-token" ? "This is no token of a caller." : `This token has not the scope ${access}.`;
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof Problem && error.code === "unauthorized";
}

/** Says nothing of why a token is not valid: whoever guesses learns nothing. */
export function unauthorized(detail = "This token is not valid."): Problem {
  return new Problem("unauthorized", detail, { headers: { "WWW-Authenticate": "Bearer" } });
}
