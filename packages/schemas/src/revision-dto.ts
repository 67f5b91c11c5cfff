import {
  IsCount,
  IsCountOrNull,
  IsStoredPrice,
  IsStoredSeq,
  IsStoredSymbol,
  IsText,
  IsTextOrNull,
  IsTickTime,
  IsWord,
} from "./answer-fields.js";
import { IsAnyText, IsIntegerText, IsOneOf, IsRangeTime, IsReason, IsSymbol, MayBeAbsent } from "./decorators.js";
import { About, Describe, Sometimes } from "./field-schema.js";
import { LIMIT_MAX, OF_ZONE, TABLE_FORMATS, type TableFormat } from "./read-query-dto.js";
import { PENDING } from "./tick-json.js";
import type { Micros } from "./time.js";

/** What can have happened to ticks that were to be known. */
export const REVISION_KINDS = ["update", "delete", "late"] as const;
export type RevisionKind = (typeof REVISION_KINDS)[number];

/** Query of `GET /revisions`. */
export class RevisionsQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end", "since", "limit", "after", "format", "tz"];

  @IsSymbol()
  symbol!: string;

  @Describe("Of the time of ticks.")
  @IsRangeTime()
  start!: Micros;

  @MayBeAbsent()
  @Describe("Of the time of ticks; now when absent.")
  @IsRangeTime()
  end?: Micros;

  @MayBeAbsent()
  @Describe("Only what was done from this moment on.")
  @IsRangeTime()
  since?: Micros;

  @MayBeAbsent()
  @IsIntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @Describe("Only what follows the revision of this `id`: the last one of a page, or of an earlier answer.")
  @IsIntegerText(0, Number.MAX_SAFE_INTEGER)
  after?: number;

  @MayBeAbsent()
  @IsOneOf(TABLE_FORMATS)
  format?: TableFormat;

  @MayBeAbsent()
  @Describe(OF_ZONE)
  @IsAnyText()
  tz?: string;
}

const OF_ONE = "Of a single tick that was updated or deleted, before it was.";
const OF_NEW = "Of a single tick that was updated.";

@About("What was done to stored ticks of a symbol at once, or which of them came late.")
export class RevisionJson {
  @Describe("Names it; after it `after` reads on.")
  @IsCount(1)
  readonly id!: number;

  @IsTickTime()
  readonly at!: string;

  @Describe("`late`: stored more than five minutes after its minute ended; a row for each hour.")
  @IsText({ enum: REVISION_KINDS })
  readonly kind!: RevisionKind;

  @IsStoredSymbol()
  readonly symbol!: string;

  @Describe("What was changed lies from here")
  @IsTickTime()
  readonly from!: string;

  @Describe("up to here, this instant not included.")
  @IsTickTime()
  readonly to!: string;

  @Describe("How many; null: a service of an earlier version stored them, and did not count.")
  @IsCountOrNull(1)
  readonly ticks!: number | null;

  @Describe("The name of the token it was done with; null of late ticks, and where a hand did it.")
  @IsTextOrNull()
  readonly by!: string | null;

  @IsTextOrNull()
  readonly reason!: string | null;

  @Sometimes()
  @Describe("The `id` of the revision that it put back.")
  @IsCount(1)
  readonly undoes?: number;

  @Sometimes()
  @Describe(OF_ONE)
  @IsStoredSeq()
  readonly seq?: number;

  @Sometimes()
  @Describe(OF_ONE)
  @IsStoredPrice()
  readonly old_price?: number;

  @Sometimes()
  @Describe(OF_ONE)
  @IsStoredPrice()
  readonly old_bid?: number;

  @Sometimes()
  @Describe(OF_ONE)
  @IsStoredPrice()
  readonly old_ask?: number;

  @Sometimes()
  @Describe(OF_NEW)
  @IsStoredPrice()
  readonly new_price?: number;

  @Sometimes()
  @Describe(OF_NEW)
  @IsStoredPrice()
  readonly new_bid?: number;

  @Sometimes()
  @Describe(OF_NEW)
  @IsStoredPrice()
  readonly new_ask?: number;
}

/** Path of `POST /revisions/{id}/undo`. */
export class RevisionPath {
  static readonly fields: readonly string[] = ["id"];

  @IsIntegerText(1, Number.MAX_SAFE_INTEGER)
  id!: number;
}

/** Query of `POST /corrections` and `POST /revisions/{id}/undo`. */
export class ReasonQuery {
  static readonly fields: readonly string[] = ["reason"];

  @MayBeAbsent()
  @Describe("Why: `GET /revisions` tells it.")
  @IsReason()
  reason?: string;
}

@About("The answer to several corrections.")
export class CorrectionsResult {
  @IsCount()
  readonly updated!: number;

  @IsCount()
  readonly deleted!: number;

  @IsText()
  readonly message!: string;

  @Sometimes()
  @Describe(PENDING)
  @IsWord("pending")
  readonly bars?: "pending";
}

@About("The answer to an undo.")
export class UndoResult {
  @Describe("Ticks that have their earlier values again.")
  @IsCount()
  readonly updated!: number;

  @Describe("Ticks that are stored again.")
  @IsCount()
  readonly restored!: number;

  @IsText()
  readonly message!: string;

  @Sometimes()
  @Describe(PENDING)
  @IsWord("pending")
  readonly bars?: "pending";
}
