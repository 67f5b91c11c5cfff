import {
  IsCountOrNull,
  IsDecimalsOrNull,
  IsFlag,
  IsPriceOrNull,
  IsStoredSymbol,
  IsText,
  IsTextOrNull,
  IsTickTimeOrNull,
} from "./answer-fields.js";
import { IsSymbol, MayBeAbsent, parsedBy, Refused } from "./decorators.js";
import { About, Describe, type JsonSchema } from "./field-schema.js";
import { priceProblem } from "./quote.js";
import { FX_WEEK, parseSession } from "./session.js";

/** What a symbol can stand for. */
export const SYMBOL_KINDS = ["fx", "metal", "crypto", "index", "commodity", "stock", "other"] as const;
export type SymbolKind = (typeof SYMBOL_KINDS)[number];

/** More decimals no price has. */
export const DIGITS_MAX = 10;
const DESCRIPTION_LENGTH_MAX = 200;
const QUIET_AFTER_MAX_S = 604_800;

/** What an operator says of a symbol; null takes back what was said. */
export interface SymbolChange {
  readonly digits?: number | null;
  readonly pip?: number | null;
  readonly session?: string | null;
  readonly kind?: SymbolKind | null;
  readonly description?: string | null;
  readonly quiet_after_s?: number | null;
}

/** A value that is taken as it is where it fits, or null. */
function OrNull(schema: JsonSchema, fits: (value: unknown) => boolean, rule: string): PropertyDecorator {
  const nullable = { anyOf: [schema, { type: "null" }] };
  return parsedBy("orNull", nullable, (raw) => (raw === null || fits(raw) ? raw : new Refused(`${rule}, or null`)));
}

function isIntegerWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

function IsIntegerOrNull(minimum: number, maximum: number): PropertyDecorator {
  const rule = `must be an integer from ${minimum} to ${maximum}`;
  return OrNull({ type: "integer", minimum, maximum }, (value) => isIntegerWithin(value, minimum, maximum), rule);
}

/** Printed in one line, and in a cell of a table. */
function isLine(value: unknown): boolean {
  return typeof value === "string" && value.length <= DESCRIPTION_LENGTH_MAX && !/[\p{Cc}\p{Cs}]/u.test(value);
}

@About("Body of `PUT /symbols/{symbol}`. What is absent stays as it is, null takes it back.")
export class SymbolDto implements SymbolChange {
  static readonly fields = ["digits", "pip", "session", "kind", "description", "quiet_after_s"] as const;

  @MayBeAbsent()
  @Describe("Decimals of its prices.")
  @IsIntegerOrNull(0, DIGITS_MAX)
  digits?: number | null;

  @MayBeAbsent()
  @OrNull(
    { type: "number", exclusiveMinimum: 0 },
    (value) => priceProblem(value) === undefined,
    "must be a finite number greater than 0",
  )
  pip?: number | null;

  @MayBeAbsent()
  @Describe(
    `When its market is open: \`always\`, or a week such as \`${FX_WEEK}\`. Where nothing is said, \`MARKET_SESSIONS\` counts, else the kind: \`crypto\` never closes, all others have that week.`,
  )
  @OrNull(
    { type: "string" },
    (value) => typeof value === "string" && parseSession(value) !== undefined,
    `must be always, or a week such as ${FX_WEEK}`,
  )
  session?: string | null;

  @MayBeAbsent()
  @OrNull(
    { type: "string", enum: SYMBOL_KINDS },
    (value) => SYMBOL_KINDS.some((kind) => kind === value),
    `must be one of ${SYMBOL_KINDS.join(", ")}`,
  )
  kind?: SymbolKind | null;

  @MayBeAbsent()
  @OrNull(
    { type: "string", maxLength: DESCRIPTION_LENGTH_MAX },
    isLine,
    `must be a line of at most ${DESCRIPTION_LENGTH_MAX} characters`,
  )
  description?: string | null;

  @MayBeAbsent()
  @Describe("After so many seconds without a tick or a heartbeat, within its session, a feed of it counts as down.")
  @IsIntegerOrNull(1, QUIET_AFTER_MAX_S)
  quiet_after_s?: number | null;
}

/** Path of `PUT` and `DELETE /symbols/{symbol}`. */
export class SymbolPath {
  static readonly fields: readonly string[] = ["symbol"];

  @IsSymbol()
  symbol!: string;
}

@About("A symbol: what was stored of it, and what was said of it or else is inferred.")
export class SymbolJson {
  @IsStoredSymbol()
  readonly symbol!: string;

  @Describe("Where retention has dropped it, the first minute that has a bar; null where there is nothing.")
  @IsTickTimeOrNull()
  readonly first_tick!: string | null;

  @Describe("Where retention has dropped it, the last minute that has a bar; null where there is nothing.")
  @IsTickTimeOrNull()
  readonly last_tick!: string | null;

  @Describe("When something of it was last stored, up to a minute too early; null: never, or before this was kept.")
  @IsTickTimeOrNull()
  readonly last_heard!: string | null;

  @Describe("Whether it holds quotes.")
  @IsFlag()
  readonly quotes!: boolean;

  @Describe(
    "Decimals of its prices: those of the newest where nothing was said, of `fx` 5 at least, 3 with JPY; null without any.",
  )
  @IsDecimalsOrNull(DIGITS_MAX)
  readonly digits!: number | null;

  @Describe("Of `fx` 0.0001, 0.01 with JPY, where nothing was said.")
  @IsPriceOrNull()
  readonly pip!: number | null;

  @Describe("When its market is open: `always`, or a week from one local time to another.")
  @IsText()
  readonly session!: string;

  @Describe("Where nothing was said: `crypto` of a market that is always open, else `fx`.")
  @IsText({ enum: SYMBOL_KINDS })
  readonly kind!: string;

  @IsTextOrNull()
  readonly description!: string | null;

  @IsCountOrNull(1)
  readonly quiet_after_s!: number | null;
}
