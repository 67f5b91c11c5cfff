import { IsCount, IsStoredSymbol, IsTickTimeOrNull } from "./answer-fields.js";
import { IsAnyText, IsIntegerText, IsOneOf, IsSymbol, MayBeAbsent } from "./decorators.js";
import { About, Describe } from "./field-schema.js";
import { LIMIT_MAX, OF_ZONE, TABLE_FORMATS, type TableFormat } from "./read-query-dto.js";

/** Query of `GET /archive`. */
export class ArchiveQuery {
  static readonly fields: readonly string[] = ["limit", "after", "format", "tz"];

  @MayBeAbsent()
  @IsIntegerText(1, LIMIT_MAX)
  limit?: number;

  @MayBeAbsent()
  @Describe("Paging cursor: only symbols after this one.")
  @IsSymbol()
  after?: string;

  @MayBeAbsent()
  @IsOneOf(TABLE_FORMATS)
  format?: TableFormat;

  @MayBeAbsent()
  @Describe(OF_ZONE)
  @IsAnyText()
  tz?: string;
}

@About("What of a symbol is in the archive.")
export class ArchiveJson {
  @IsStoredSymbol()
  readonly symbol!: string;

  @Describe("The start of the first UTC day that is in it; null where none is yet.")
  @IsTickTimeOrNull()
  readonly from!: string | null;

  @Describe("The end of the last one.")
  @IsTickTimeOrNull()
  readonly to!: string | null;

  @Describe("UTC days with ticks.")
  @IsCount()
  readonly days!: number;

  @IsCount()
  readonly ticks!: number;

  @Describe("Of its files.")
  @IsCount()
  readonly bytes!: number;

  @Describe("UTC days that have ended, and whose ticks are not in it yet, or have changed since.")
  @IsCount()
  readonly behind_days!: number;

  @Describe(
    "The end of the last UTC day whose ticks retention has dropped: they are in its file alone. Null where none is.",
  )
  @IsTickTimeOrNull()
  readonly dropped_to!: string | null;
}
