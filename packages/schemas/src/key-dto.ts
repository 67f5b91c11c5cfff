import { IsCount, IsFlag, IsInstant, IsText, IsTextOrNull, IsTickTime } from "./answer-fields.js";
import { IsIntegerText, IsStorableText, MayBeAbsent, parsedBy, Refused } from "./decorators.js";
import { FEED_NAME_PATTERN, FEED_NAME_RULE, isFeedName } from "./feed.js";
import { About, Describe, Field, type JsonSchema } from "./field-schema.js";
import {
  CALLER_LIMIT_MAX,
  LIMITS,
  type Limits,
  limitMin,
  limitsProblem,
  limitType,
  SCOPES,
  type Scope,
} from "./scope.js";
import { normalizePattern, SYMBOL_RULE } from "./symbol.js";
import { type Micros, parseTime, timeProblem } from "./time.js";

const NAME_LENGTH_MAX = 100;
/** Patterns of one key: each is looked at once for each symbol. */
const PATTERNS_MAX = 1000;
/** Feeds that one key may name. */
const FEEDS_MAX = 100;
/** Rows of one page of keys, or of the audit. */
const PAGE_MAX = 1000;

type Parse = (raw: unknown) => unknown;

/** Takes null as it is. */
function orNull(parse: Parse): Parse {
  return (raw) => (raw === null ? null : parse(raw));
}

function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "null" }] };
}

/** What callers without a key are called in logs and in the audit. */
const TAKEN_NAMES = ["anonymous", "internal"];
/** What the names of callers with a JWT begin with there, so that no subject is taken for a key, or for nobody. */
const SUBJECT_PREFIX = "jwt:";
/** Nothing that is not seen, or that changes how the rest is. */
const LINE = /^[^\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]+$/u;

/** In compatibility form (NFKC): what looks like a letter or a space is that letter, or a space. */
function plainName(raw: string): string {
  return raw.normalize("NFKC").replace(/\s+/g, " ").trim();
}

const parseName: Parse = (raw) => {
  const name = typeof raw === "string" && LINE.test(raw) ? plainName(raw) : "";
  if (name === "" || name.length > NAME_LENGTH_MAX) {
    return new Refused(`must be a line of 1 to ${NAME_LENGTH_MAX} characters`);
  }
  const folded = foldedName(name);
  if (folded.startsWith(SUBJECT_PREFIX)) return new Refused(`must not begin with ${SUBJECT_PREFIX}`);
  return TAKEN_NAMES.includes(folded) ? new Refused(`must not be ${name}`) : name;
};

/** What a caller with a JWT of this subject is called in logs, metrics and the audit. */
export function subjectName(subject: string): string {
  return SUBJECT_PREFIX + subject;
}

/** Names of which this is the same are one name to people. What the database folds depends on its locale. */
export function foldedName(name: string): string {
  // Some letters have no upper case of their own, others no lower case.
  return plainName(name).toLowerCase().toUpperCase().toLowerCase().normalize("NFKC");
}

/** A line for people: it is printed in logs and tables. */
function IsName(): PropertyDecorator {
  return parsedBy("isName", { type: "string", minLength: 1, maxLength: NAME_LENGTH_MAX }, parseName);
}

function IsScopes(): PropertyDecorator {
  const schema = { type: "array", items: { enum: SCOPES }, minItems: 1 };
  return parsedBy("isScopes", schema, (raw) => {
    const scopes = Array.isArray(raw) ? SCOPES.filter((scope) => raw.includes(scope)) : [];
    const isFine = Array.isArray(raw) && raw.length > 0 && scopes.length === new Set(raw).size;
    return isFine ? scopes : new Refused(`must be a list of ${SCOPES.join(", ")}`);
  });
}

const PATTERN_SCHEMA: JsonSchema = { type: "array", items: { type: "string" }, minItems: 1, maxItems: PATTERNS_MAX };

const parsePatterns: Parse = (raw) => {
  if (!Array.isArray(raw) || raw.length === 0 || raw.length > PATTERNS_MAX) {
    return new Refused(`must be a list of 1 to ${PATTERNS_MAX} patterns such as XAUUSD and EUR*`);
  }
  const patterns = raw.map(normalizePattern);
  const isFine = patterns.every((pattern) => pattern !== undefined);
  return isFine ? [...new Set(patterns)].sort() : new Refused(`each may end in *, and else ${SYMBOL_RULE}`);
};

const FEEDS_SCHEMA: JsonSchema = {
  type: "array",
  items: { type: "string", pattern: FEED_NAME_PATTERN.source },
  maxItems: FEEDS_MAX,
};

const parseFeeds: Parse = (raw) => {
  const isFine = Array.isArray(raw) && raw.length <= FEEDS_MAX && raw.every(isFeedName);
  return isFine
    ? [...new Set(raw)].sort()
    : new Refused(`must be a list of up to ${FEEDS_MAX} feeds, each ${FEED_NAME_RULE}`);
};

const LIMITS_SCHEMA: JsonSchema = {
  type: "object",
  properties: Object.fromEntries(
    LIMITS.map((name) => [name, { type: limitType(name), minimum: limitMin(name), maximum: CALLER_LIMIT_MAX }]),
  ),
  additionalProperties: false,
};

const parseLimits: Parse = (raw) => {
  const problem = limitsProblem(raw);
  return problem === undefined ? raw : new Refused(problem);
};

const INSTANT_SCHEMA: JsonSchema = { type: "string", format: "date-time" };
const parseInstant: Parse = (raw) => parseTime(raw) ?? new Refused(timeProblem(raw));

@About("Body of `POST /keys`.")
export class KeyDto {
  static readonly fields: readonly string[] = ["name", "scopes", "symbols", "feeds", "limits", "expires_at", "in_url"];

  @Describe("For people: it is in logs, metrics and the audit, and no other live key has it.")
  @IsName()
  name!: string;

  @IsScopes()
  scopes!: readonly Scope[];

  @MayBeAbsent()
  @Describe("Patterns of the symbols it may touch, such as `EUR*`; every symbol when absent.")
  @parsedBy("isPatterns", nullable(PATTERN_SCHEMA), orNull(parsePatterns))
  symbols?: readonly string[] | null;

  @MayBeAbsent()
  @Describe("Feeds that it may name itself (`X-Feed`); its own name alone when absent.")
  @parsedBy("isFeeds", nullable(FEEDS_SCHEMA), orNull(parseFeeds))
  feeds?: readonly string[] | null;

  @MayBeAbsent()
  @parsedBy("isLimits", nullable(LIMITS_SCHEMA), orNull(parseLimits))
  limits?: Limits | null;

  @MayBeAbsent()
  @Describe("Never when absent.")
  @parsedBy("isInstant", nullable(INSTANT_SCHEMA), orNull(parseInstant))
  expires_at?: Micros | null;

  @MayBeAbsent()
  @Describe("May be shown as `?token=`; it may then hold `read` and `write` and no other scope.")
  @parsedBy("isFlag", nullable({ type: "boolean" }), (raw) =>
    typeof raw === "boolean" || raw === null ? raw : new Refused("must be a boolean"),
  )
  in_url?: boolean | null;
}

@About("Body of `PATCH /keys/{id}`. What is absent stays as it is.")
export class KeyChangeDto {
  static readonly fields: readonly string[] = ["name", "scopes", "symbols", "feeds", "limits", "expires_at"];

  @MayBeAbsent()
  @IsName()
  name?: string;

  @MayBeAbsent()
  @IsScopes()
  scopes?: readonly Scope[];

  @MayBeAbsent()
  @Describe("null: every symbol.")
  @parsedBy("isPatterns", nullable(PATTERN_SCHEMA), orNull(parsePatterns))
  symbols?: readonly string[] | null;

  @MayBeAbsent()
  @Describe("null: its own name alone.")
  @parsedBy("isFeeds", nullable(FEEDS_SCHEMA), orNull(parseFeeds))
  feeds?: readonly string[] | null;

  @MayBeAbsent()
  @Describe("All of them: those that are not named are taken back.")
  @parsedBy("isLimits", nullable(LIMITS_SCHEMA), orNull(parseLimits))
  limits?: Limits | null;

  @MayBeAbsent()
  @Describe("null: never.")
  @parsedBy("isInstant", nullable(INSTANT_SCHEMA), orNull(parseInstant))
  expires_at?: Micros | null;
}

/** Path of one key. */
export class KeyPath {
  static readonly fields: readonly string[] = ["id"];

  @IsStorableText()
  id!: string;
}

const SUBJECT_LENGTH_MAX = 500;
/** As segments of a path they mean others, however they are escaped. */
const DOTS = [".", ".."];
const SUBJECT_RULE = `must be a line of 1 to ${SUBJECT_LENGTH_MAX} characters, and neither . nor ..`;

/** What the subject of a JWT may be: its tokens are revoked by it, and people read it. */
export function isSubject(raw: unknown): raw is string {
  if (typeof raw !== "string" || DOTS.includes(raw)) return false;
  return LINE.test(raw) && [...raw].length <= SUBJECT_LENGTH_MAX;
}

/** Path of `DELETE /keys/jwt/{sub}`. */
export class SubjectPath {
  static readonly fields: readonly string[] = ["sub"];

  @parsedBy("isSubject", { type: "string", minLength: 1, maxLength: SUBJECT_LENGTH_MAX }, (raw) =>
    isSubject(raw) ? raw : new Refused(SUBJECT_RULE),
  )
  sub!: string;
}

/** Query of `GET /keys`. */
export class KeysQuery {
  static readonly fields: readonly string[] = ["limit", "after"];

  @MayBeAbsent()
  @IsIntegerText(1, PAGE_MAX)
  limit?: number;

  @MayBeAbsent()
  @Describe("Paging cursor: only keys whose id comes after this one.")
  @IsStorableText()
  after?: string;
}

/** Query of `GET /audit`. */
export class AuditQuery {
  static readonly fields: readonly string[] = ["limit", "before"];

  @MayBeAbsent()
  @IsIntegerText(1, PAGE_MAX)
  limit?: number;

  @MayBeAbsent()
  @Describe("Paging cursor: only what was noted before this one.")
  @IsIntegerText(1, Number.MAX_SAFE_INTEGER)
  before?: number;
}

@About("An API key, but for its secret, which nobody is told again.")
export class KeyJson {
  @IsText()
  readonly id!: string;

  @IsText()
  readonly name!: string;

  @Field({ type: "array", items: { enum: SCOPES } })
  readonly scopes!: readonly Scope[];

  @Describe("null: every symbol.")
  @Field({ type: ["array", "null"], items: { type: "string" } })
  readonly symbols!: readonly string[] | null;

  @Describe("null: its own name alone.")
  @Field({ type: ["array", "null"], items: { type: "string" } })
  readonly feeds!: readonly string[] | null;

  @Field(LIMITS_SCHEMA)
  readonly limits!: Limits;

  @IsFlag()
  readonly in_url!: boolean;

  @IsTickTime()
  readonly created_at!: string;

  @IsText()
  readonly created_by!: string;

  @Describe("null: never.")
  @IsTextOrNull({ format: "date-time" })
  readonly expires_at!: string | null;

  @Describe("Some seconds too early; null: never.")
  @IsTextOrNull({ format: "date-time" })
  readonly last_used_at!: string | null;
}

@About("A key that was made this moment.")
export class NewKeyJson extends KeyJson {
  @Describe("Shown this once.")
  @IsText()
  readonly token!: string;
}

@About("Opens one WebSocket: `/ws?ticket=…`.")
export class TicketJson {
  @IsText()
  readonly ticket!: string;

  @IsInstant()
  readonly expires_at!: string;
}

@About("What somebody did to keys or stored ticks.")
export class AuditJson {
  @IsCount(1)
  readonly id!: number;

  @IsTickTime()
  readonly at!: string;

  @Describe("The name of the token that it was done with: of a JWT `jwt:` and its subject.")
  @IsText()
  readonly by!: string;

  @IsText()
  readonly action!: string;

  @Describe("The key's id, the JWT's subject, or the symbol.")
  @IsText()
  readonly target!: string;

  @Field({ type: "object" })
  readonly details!: Readonly<Record<string, unknown>>;
}
