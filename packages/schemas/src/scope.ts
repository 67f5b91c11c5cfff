/** What a token may be good for. */
export const SCOPES = ["read", "stream", "write", "correct", "ops", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** What each of them opens, in a sentence for the documents. */
export const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  read: "Bars, ticks, symbols and charts.",
  stream: "WebSockets.",
  write: "Sending ticks.",
  correct: "Changing and deleting ticks.",
  ops: "Metrics, statistics and the details of health.",
  admin: "Keys, the audit, and what is said of symbols.",
};

/** What callers can be held to; each is a number above 0. */
export const LIMITS = [
  "requests_per_second",
  "ticks_per_second",
  "rows_per_second",
  "connections",
  "channels",
  "delivered_per_second",
] as const;
export type LimitName = (typeof LIMITS)[number];
export type Limits = Readonly<Partial<Record<LimitName, number>>>;
