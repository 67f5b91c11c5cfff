import type { IncomingMessage } from "node:http";
import { type Access, type AccessNames, issueTicket, newKeyToken, TICKET_SECONDS } from "@fx-ohlc/access";
import type { ACCESS_ROUTES } from "@fx-ohlc/contract";
import type { Database } from "@fx-ohlc/database";
import { checkDto, type DtoClass, formatTime, KeyChangeDto, KeyDto, type Micros, type Scope } from "@fx-ohlc/schemas";
import {
  type Caller,
  type Handlers,
  invalid,
  Problem,
  pageLink,
  type RedisStore,
  requireCurrent,
  sendJson,
} from "@fx-ohlc/service-kit";
import { readJson } from "../http/request-body.js";
import type { AuditLog } from "./audit-log.js";
import type { KeyPublisher } from "./key-publisher.js";
import type { JudgeKey, KeyRow, KeyStore } from "./key-store.js";

/** A thousand patterns of symbols, with room. */
const BODY_BYTES_MAX = 64 * 1024;
const PAGE_DEFAULT = 100;
const NEVER_KEPT = { "Cache-Control": "no-store" };
/** What a key that is shown in URLs may hold: these end up in logs of others. */
const IN_URL_SCOPES: readonly Scope[] = ["read", "write"];

/** What these routes are answered from. */
export interface AccessParts {
  readonly database: Database;
  readonly keyStore: KeyStore;
  readonly keyPublisher: KeyPublisher;
  readonly access: Access;
  readonly auditLog: AuditLog;
  readonly redis: RedisStore;
  readonly accessNames: () => AccessNames | undefined;
}

/** `/keys`, `/tickets` and `/audit`. */
export function accessHandlers(parts: AccessParts): Handlers<typeof ACCESS_ROUTES> {
  const { database, keyStore, auditLog } = parts;
  return {
    createKey: async (req, res, { caller }) => {
      const body = await readBody(KeyDto, req, caller);
      if (body.in_url === true) requireUrlScopes(body.scopes);
      requireWholeAdmin(body);
      requireFuture(body, database.nowUs());
      // Nobody is shown a token that is not good everywhere; and so nothing is made while that is known beforehand.
      if (!(await database.whileAvailable(() => parts.keyPublisher.publish()))) throw notMade();
      requireCurrent(caller);
      const { token, id, secret } = newKeyToken();
      const row = await database.whileAvailable(() => keyStore.create({ ...body, id, secret }, caller.name));
      if (!(await isPublished(parts))) {
        await database.whileAvailable(() => keyStore.revoke(id, caller.name));
        throw notMade();
      }
      sendJson(res, 201, { ...keyJson(row), token }, NEVER_KEPT);
    },

    listKeys: async (req, res, { query: { limit = PAGE_DEFAULT, after = "" } }) => {
      // One more than is answered shows whether there is another page.
      const rows = await database.whileAvailable(() => keyStore.list({ after, limit: limit + 1 }));
      const page = rows.slice(0, limit);
      const next = rows.length > limit ? { after: page.at(-1)?.id ?? "" } : undefined;
      sendJson(res, 200, page.map(keyJson), pageHeaders(req, next));
    },

    changeKey: async (req, res, { path: { id }, caller }) => {
      const changes = await readBody(KeyChangeDto, req, caller);
      requireFuture(changes, database.nowUs());
      const row = await database.whileAvailable(() => change(keyStore, id, changes, caller));
      await requirePublished(parts);
      sendJson(res, 200, keyJson(row), NEVER_KEPT);
    },

    revokeKey: async (_req, res, { path: { id }, caller }) => {
      const isRevoked = await database.whileAvailable(() => keyStore.revoke(id, caller.name));
      if (!isRevoked) throw noSuchKey();
      await requirePublished(parts);
      res.writeHead(204).end();
    },

    revokeSubject: async (_req, res, { path: { sub }, caller }) => {
      await database.whileAvailable(() => keyStore.revokeSubject(sub, caller.name));
      await requirePublished(parts);
      res.writeHead(204).end();
    },

    createTicket: async (_req, res, { caller }) => {
      const ticket = await issueTicket({ redis: parts.redis, names: parts.accessNames() }, caller);
      const expires = new Date(Date.now() + TICKET_SECONDS * 1000).toISOString();
      sendJson(res, 201, { ticket, expires_at: expires }, NEVER_KEPT);
    },

    getAudit: async (req, res, { query: { limit = PAGE_DEFAULT, before = Number.MAX_SAFE_INTEGER } }) => {
      const rows = await database.whileAvailable(() => auditLog.list(limit + 1, before));
      const page = rows.slice(0, limit);
      const next = rows.length > limit ? { before: String(page.at(-1)?.id ?? 1) } : undefined;
      sendJson(
        res,
        200,
        page.map((row) => ({ ...row, at: formatTime(row.at) })),
        pageHeaders(req, next),
      );
    },
  };
}

/** A change holds here from now on. Whether it holds everywhere some milliseconds later. */
async function isPublished({ keyPublisher, access }: AccessParts): Promise<boolean> {
  const [isKnown] = await Promise.all([keyPublisher.publish(), access.refresh()]);
  return isKnown;
}

/** @throws Problem 503 while no other service can know of a change */
async function requirePublished(parts: AccessParts): Promise<void> {
  if (await isPublished(parts)) return;
  const detail =
    "This is stored, and the other services do not know of it yet: Redis does not take it. Sent again it does no harm, and is answered when they do.";
  throw new Problem("unavailable", detail);
}

function notMade(): Problem {
  return new Problem(
    "unavailable",
    "No key was made: the other services could not know it, for Redis does not take it.",
  );
}

/** @throws Problem 422 naming every bad field */
async function readBody<T extends object>(dto: DtoClass<T>, req: IncomingMessage, caller: Caller): Promise<T> {
  const body = checkDto(dto, await readJson(req, caller, BODY_BYTES_MAX));
  if (!body.ok) throw invalid(body.errors);
  return body.value;
}

/** @throws Problem 422 when what is shown in URLs would open more than it may */
function requireUrlScopes(scopes: readonly Scope[]): void {
  if (scopes.every((scope) => IN_URL_SCOPES.includes(scope))) return;
  throw invalid([{ field: "scopes", message: `of a key for URLs may be ${IN_URL_SCOPES.join(" and ")}` }]);
}

/** @throws Problem 422 for a key that would be none: to end one is to revoke it */
function requireFuture({ expires_at }: KeyChangeDto, nowUs: Micros): void {
  if (expires_at === undefined || expires_at === null || expires_at > nowUs) return;
  throw invalid([{ field: "expires_at", message: "must be in the future" }]);
}

/** @throws Problem 422 for a key that could make itself another one without its bounds */
function requireWholeAdmin({ scopes, symbols }: Pick<KeyDto, "scopes" | "symbols">): void {
  if (!scopes.includes("admin") || symbols === undefined || symbols === null) return;
  throw invalid([
    { field: "symbols", message: "bound nothing of a key that may make keys: leave out admin, or these" },
  ]);
}

async function change(keyStore: KeyStore, id: string, changes: KeyChangeDto, caller: Caller): Promise<KeyRow> {
  const judge: JudgeKey = (before) => {
    const { scopes = before.scopes, symbols = before.symbols } = changes;
    if (before.in_url) requireUrlScopes(scopes);
    requireWholeAdmin({ scopes, symbols });
  };
  const row = await keyStore.update(id, changes, judge, caller.name);
  if (row === undefined) throw noSuchKey();
  return row;
}

function noSuchKey(): Problem {
  return new Problem("not_found", "There is no live key of this id.");
}

function pageHeaders(req: IncomingMessage, next: Readonly<Record<string, string>> | undefined) {
  return next === undefined ? NEVER_KEPT : { ...NEVER_KEPT, Link: pageLink(req, "next", next) };
}

function keyJson(row: KeyRow): Record<string, unknown> {
  const time = (us: Micros | null) => (us === null ? null : formatTime(us));
  return {
    ...row,
    created_at: formatTime(row.created_at),
    expires_at: time(row.expires_at),
    last_used_at: time(row.last_used_at),
  };
}
