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

/** What callers can be held to: what they use up in a second, and what they hold. */
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

/** One in a quarter of an hour is the least that makes sense, of what is held one. */
const RATE_MIN = 0.001;
const HELD_MIN = 1;
/** More than anybody can do, and little enough to be reckoned with. */
export const CALLER_LIMIT_MAX = 1e12;

/** What is held is held whole. */
export function limitType(name: LimitName): "number" | "integer" {
  return name.endsWith("_per_second") ? "number" : "integer";
}

/** The least that a limit may be. */
export function limitMin(name: LimitName): number {
  return limitType(name) === "number" ? RATE_MIN : HELD_MIN;
}

export function isLimitName(name: string): name is LimitName {
  return LIMITS.some((known) => known === name);
}

/** Why something is no set of limits, naming the first that is none; undefined when it is one. */
export function limitsProblem(raw: unknown): string | undefined {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return `must be an object of ${LIMITS.join(", ")}`;
  for (const [name, value] of Object.entries(raw)) {
    if (!isLimitName(name)) return `has no ${name}: it may have ${LIMITS.join(", ")}`;
    const isWithin = typeof value === "number" && value >= limitMin(name) && value <= CALLER_LIMIT_MAX;
    const isWhole = limitType(name) === "number" || Number.isInteger(value);
    const rule = `must be ${limitType(name) === "number" ? "a number" : "an integer"} from ${limitMin(name)}`;
    if (!isWithin || !isWhole) return `.${name} ${rule} to ${CALLER_LIMIT_MAX}`;
  }
  return undefined;
}
