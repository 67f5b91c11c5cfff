import {
  AuditJson,
  AuditQuery,
  KeyChangeDto,
  KeyDto,
  KeyJson,
  KeyPath,
  KeysQuery,
  NewKeyJson,
  SubjectPath,
  TicketJson,
} from "@fx-ohlc/schemas";
import { declareRoutes, listOf } from "@fx-ohlc/service-kit";

const ADMIN = { access: "admin", tag: "access" } as const;
const BODY_PROBLEMS = ["malformed", "request_timeout", "too_large", "unsupported_media_type", "invalid"] as const;
const AWAY = ["unavailable", "timeout"] as const;
const UNCACHED = { "Cache-Control": "always" } as const;
const PAGED = { Link: "sometimes", ...UNCACHED } as const;

/** Keys, tickets and the audit, of which tick-ingest is the owner. */
export const ACCESS_ROUTES = declareRoutes({
  createKey: {
    ...ADMIN,
    method: "POST",
    path: "/keys",
    summary: "Make an API key",
    description: "The answer holds its token, which nobody is told again. Every service knows it within 5 s.",
    body: { "application/json": KeyDto },
    answers: {
      201: { description: "The key.", content: { "application/json": NewKeyJson }, headers: UNCACHED },
    },
    problems: ["conflict", ...BODY_PROBLEMS, ...AWAY],
  },
  listKeys: {
    ...ADMIN,
    method: "GET",
    path: "/keys",
    summary: "The live API keys",
    description: "By id; more than `limit` of them are paged: follow `Link`.",
    queryDto: KeysQuery,
    answers: { 200: { description: "Keys.", content: { "application/json": listOf(KeyJson) }, headers: PAGED } },
    problems: ["malformed", "invalid", ...AWAY],
  },
  changeKey: {
    ...ADMIN,
    method: "PATCH",
    path: "/keys/{id}",
    summary: "Change an API key",
    description: "Sockets of a key that opens something else than before are closed with 4001.",
    pathDto: KeyPath,
    body: { "application/json": KeyChangeDto },
    answers: {
      200: { description: "The key as it is now.", content: { "application/json": KeyJson }, headers: UNCACHED },
    },
    problems: ["not_found", "conflict", ...BODY_PROBLEMS, ...AWAY],
  },
  revokeKey: {
    ...ADMIN,
    method: "DELETE",
    path: "/keys/{id}",
    summary: "Revoke an API key",
    description: "For good: within 5 s it is refused everywhere, and its sockets are closed with 4001.",
    pathDto: KeyPath,
    answers: { 204: { description: "It is revoked." } },
    problems: ["malformed", "not_found", "invalid", ...AWAY],
  },
  revokeSubject: {
    ...ADMIN,
    method: "DELETE",
    path: "/keys/jwt/{sub}",
    summary: "Revoke all JWTs of a subject that were issued until now",
    pathDto: SubjectPath,
    answers: { 204: { description: "They are revoked." } },
    problems: ["malformed", "invalid", ...AWAY],
  },
  createTicket: {
    method: "POST",
    path: "/tickets",
    access: "any-token",
    tag: "access",
    summary: "Make a ticket for a WebSocket",
    description:
      "For browsers, which cannot set headers there: it has the rights of the token, opens one socket, and lasts 30 s.",
    answers: { 201: { description: "The ticket.", content: { "application/json": TicketJson }, headers: UNCACHED } },
    problems: ["malformed"],
  },
  getAudit: {
    ...ADMIN,
    method: "GET",
    path: "/audit",
    summary: "Who changed keys and stored ticks",
    description: "The newest first; more than `limit` are paged: follow `Link`.",
    queryDto: AuditQuery,
    answers: {
      200: { description: "What was done.", content: { "application/json": listOf(AuditJson) }, headers: PAGED },
    },
    problems: ["malformed", "invalid", ...AWAY],
  },
});
