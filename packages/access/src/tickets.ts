import { createHash, randomBytes } from "node:crypto";
import { type Caller, type RedisStore, unavailable, withDeadline } from "@fx-ohlc/service-kit";
import type { AccessNames } from "./access-names.js";
import type { VerifiedJwt } from "./jwt.js";
import { TokenCaller } from "./token-caller.js";

/** How long a ticket can be shown: a page opens its socket at once. */
export const TICKET_SECONDS = 30;
const TICKET_BYTES = 32;
const DEADLINE_MS = 2000;

/** Whose ticket it is: a key by its id, or a JWT with all there is to know of it. */
export type TicketHolder =
  | { readonly kind: "key"; readonly id: string }
  | { readonly kind: "jwt"; readonly jwt: VerifiedJwt };

/** What tickets are kept with: Redis, and what they are called there. */
export interface TicketStore {
  readonly redis: RedisStore;
  /** undefined before it is known. */
  readonly names: AccessNames | undefined;
}

/** undefined for a caller without a token. */
function holderOf(caller: Caller): TicketHolder | undefined {
  if (!(caller instanceof TokenCaller)) return undefined;
  const { rights, jwt } = caller;
  return jwt === undefined ? { kind: "key", id: caller.keyId } : { kind: "jwt", jwt: { rights, ...jwt } };
}

/** Redis holds no ticket that could be shown: only what it is recognised by. */
function hashOf(ticket: string): string {
  return createHash("sha256").update(ticket).digest("base64url");
}

/**
 * Makes a ticket, good once and for {@link TICKET_SECONDS}.
 *
 * @throws Problem 503 when Redis is away
 */
export async function issueTicket(store: TicketStore, caller: Caller): Promise<string> {
  const ticket = randomBytes(TICKET_BYTES).toString("base64url");
  const holder = holderOf(caller);
  // Where nobody shows tokens, nobody asks for tickets either; who has one all the same is let in with it.
  if (holder === undefined) return ticket;
  await onRedis(
    store,
    ({ redis, key }) => {
      const value = JSON.stringify(holder);
      return redis.clientOf(key).set(key, value, { expiration: { type: "EX", value: TICKET_SECONDS } });
    },
    ticket,
  );
  return ticket;
}

/**
 * Takes a ticket in.
 *
 * @returns whose it is; undefined when it never was one, or was shown before, or is too old
 * @throws Problem 503 when Redis is away
 */
export async function redeemTicket(store: TicketStore, ticket: string): Promise<TicketHolder | undefined> {
  const json = await onRedis(store, ({ redis, key }) => redis.clientOf(key).getDel(key), ticket);
  return json === null ? undefined : (JSON.parse(json) as TicketHolder); // Written above.
}

async function onRedis<T>(
  { redis, names }: TicketStore,
  work: (place: { readonly redis: RedisStore; readonly key: string }) => Promise<T>,
  ticket: string,
): Promise<T> {
  if (names === undefined) throw unavailable("The store of tickets");
  try {
    return await withDeadline(work({ redis, key: names.ticket(hashOf(ticket)) }), DEADLINE_MS, "the store of tickets");
  } catch (error) {
    throw unavailable("The store of tickets", error);
  }
}
