import { IsCountOrNull, IsStoredSymbol, IsText, IsTickTime, IsTickTimeOrNull, IsWord } from "./answer-fields.js";
import { IsIntegerText, IsSymbol, MayBeAbsent, parsedBy, Refused } from "./decorators.js";
import { About, Describe, Field } from "./field-schema.js";
import { normalizeSymbol, SYMBOL_PATTERN, symbolProblem } from "./symbol.js";

/** What a producer says its name with. */
export const FEED_HEADER = "X-Feed";

export const FEED_NAME_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9 ._:@+-]{0,62}[A-Za-z0-9])?$/;
export const FEED_NAME_RULE =
  "must be 1 to 64 of A-Z a-z 0-9 . _ : @ + - and spaces, beginning and ending with a letter or digit";

export function isFeedName(raw: unknown): raw is string {
  return typeof raw === "string" && FEED_NAME_PATTERN.test(raw);
}

/** How a feed, or a symbol by all its feeds, is. */
export const FEED_STATES = ["live", "quiet", "closed", "down"] as const;
export type FeedState = (typeof FEED_STATES)[number];

const STATE =
  "`live`: ticks come. `quiet`: the feed is alive, and none come. `closed`: its market is. `down`: neither ticks nor heartbeats come.";

/** Symbols that one heartbeat may name: as many as a system has by default. */
const HEARTBEAT_SYMBOLS_MAX = 10_000;
const EVERY_MIN_S = 1;
const EVERY_MAX_S = 3600;
/** Rows of one page. */
const PAGE_MAX = 10_000;

const FEED_SCHEMA = { type: "string", pattern: FEED_NAME_PATTERN.source };

function IsFeedName(): PropertyDecorator {
  return parsedBy("isFeedName", FEED_SCHEMA, (raw) => (isFeedName(raw) ? raw : new Refused(FEED_NAME_RULE)));
}

const SYMBOLS_SCHEMA = {
  type: "array",
  items: { type: "string", pattern: SYMBOL_PATTERN.source },
  minItems: 1,
  maxItems: HEARTBEAT_SYMBOLS_MAX,
};

function parseSymbols(raw: unknown): unknown {
  if (!Array.isArray(raw) || raw.length === 0 || raw.length > HEARTBEAT_SYMBOLS_MAX) {
    return new Refused(`must be a list of 1 to ${HEARTBEAT_SYMBOLS_MAX} symbols`);
  }
  const symbols = raw.map(normalizeSymbol);
  const wrong = symbols.indexOf(undefined);
  return wrong < 0 ? [...new Set(symbols)] : new Refused(`each ${symbolProblem(raw[wrong])}`);
}

@About("Body of `POST /feeds/{feed}/heartbeat`.")
export class HeartbeatDto {
  static readonly fields: readonly string[] = ["symbols", "every_s"];

  @Describe("What the feed brings when there is something to bring.")
  @parsedBy("isSymbols", SYMBOLS_SCHEMA, parseSymbols)
  symbols!: readonly string[];

  @MayBeAbsent()
  @Describe(
    "In how many seconds the next one comes. Where nothing was said of a symbol (`quiet_after_s`), its feed is down after three times that.",
  )
  @parsedBy("isInterval", { type: "integer", minimum: EVERY_MIN_S, maximum: EVERY_MAX_S, default: 10 }, (raw) =>
    Number.isInteger(raw) && Number(raw) >= EVERY_MIN_S && Number(raw) <= EVERY_MAX_S
      ? raw
      : new Refused(`must be an integer from ${EVERY_MIN_S} to ${EVERY_MAX_S}`),
  )
  every_s?: number;
}

/** Path of one feed. */
export class FeedPath {
  static readonly fields: readonly string[] = ["feed"];

  @IsFeedName()
  feed!: string;
}

/** Query of `GET /feeds`. */
export class FeedsQuery {
  static readonly fields: readonly string[] = ["feed", "symbol", "limit", "after_feed", "after_symbol"];

  @MayBeAbsent()
  @Describe("Of this feed alone.")
  @IsFeedName()
  feed?: string;

  @MayBeAbsent()
  @Describe("Of this symbol alone.")
  @IsSymbol()
  symbol?: string;

  @MayBeAbsent()
  @IsIntegerText(1, PAGE_MAX)
  limit?: number;

  @MayBeAbsent()
  @Describe("Paging cursor: only rows that come after this feed's row of `after_symbol`.")
  @IsFeedName()
  after_feed?: string;

  @MayBeAbsent()
  @IsSymbol()
  after_symbol?: string;
}

/** Query of `DELETE /feeds/{feed}`. */
export class FeedSymbolQuery {
  static readonly fields: readonly string[] = ["symbol"];

  @MayBeAbsent()
  @Describe("Forgets that it ever brought this symbol; all of it when absent.")
  @IsSymbol()
  symbol?: string;
}

const DELAY =
  "Of the ticks of the last minute, how long after its `time` one was received, in milliseconds; null without any.";

@About("A feed, as far as it brings one symbol.")
export class FeedJson {
  @IsText(FEED_SCHEMA)
  readonly feed!: string;

  @IsStoredSymbol()
  readonly symbol!: string;

  @Describe(STATE)
  @IsWord(...FEED_STATES)
  readonly state!: FeedState;

  @Describe("When it came into this state.")
  @IsTickTime()
  readonly since!: string;

  @Describe("The latest `time` of its ticks; null: only heartbeats came.")
  @IsTickTimeOrNull()
  readonly last_tick!: string | null;

  @Describe("When anything of it came last, a tick or a heartbeat.")
  @IsTickTime()
  readonly last_heard!: string;

  @Describe("Over the last minute.")
  @Field({ type: "number", minimum: 0 })
  readonly ticks_per_second!: number;

  @Describe(`${DELAY} Half of them were quicker. Negative where the producer's clock is ahead.`)
  @Field({ type: ["number", "null"] })
  readonly delay_p50_ms!: number | null;

  @Describe("The same, of 99 in 100.")
  @Field({ type: ["number", "null"] })
  readonly delay_p99_ms!: number | null;

  @Describe("What its heartbeats say; null: there were none.")
  @IsCountOrNull(1)
  readonly every_s!: number | null;

  @Describe("After so many seconds without a tick it is not live, without a heartbeat either down.")
  @IsCountOrNull(1)
  readonly quiet_after_s!: number | null;
}
