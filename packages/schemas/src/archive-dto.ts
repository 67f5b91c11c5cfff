import { IsCount, IsStoredSymbol } from "./answer-fields.js";
import { IsIntegerText, IsSymbol, MayBeAbsent } from "./decorators.js";
import { About, Describe, Field } from "./field-schema.js";

/** Rows of one page. */
const PAGE_MAX = 10_000;
const DATE = { type: ["string", "null"], format: "date" } as const;

/** Query of `GET /archive`. */
export class ArchiveQuery {
  static readonly fields: readonly string[] = ["symbol", "limit", "after"];

  @MayBeAbsent()
  @Describe("Of this symbol alone.")
  @IsSymbol()
  symbol?: string;

  @MayBeAbsent()
  @IsIntegerText(1, PAGE_MAX)
  limit?: number;

  @MayBeAbsent()
  @Describe("Paging cursor: only symbols that come after this one.")
  @IsSymbol()
  after?: string;
}

@About("What the archive holds of a symbol.")
export class ArchiveJson {
  @IsStoredSymbol()
  readonly symbol!: string;

  @Describe("The first UTC day that is archived; null: none is yet.")
  @Field(DATE)
  readonly from!: string | null;

  @Describe("The last one.")
  @Field(DATE)
  readonly to!: string | null;

  @Describe("Days that have ticks.")
  @IsCount()
  readonly days!: number;

  @IsCount()
  readonly ticks!: number;

  @Describe("Of their files.")
  @IsCount()
  readonly bytes!: number;

  @Describe("Days that have ended and are not archived as they are now.")
  @IsCount()
  readonly behind_days!: number;
}
