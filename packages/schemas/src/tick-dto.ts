import {
  IsCost,
  IsOneOf,
  IsReasonOrNull,
  IsSeqOrNull,
  IsSymbol,
  IsTickTimeOrNull,
  IsTime,
  MayBeAbsent,
} from "./decorators.js";
import { About, Describe } from "./field-schema.js";
import type { Micros } from "./time.js";

@About("Body of `POST /ticks`.")
export class TickDto {
  static readonly fields = ["symbol", "time", "price", "bid", "ask", "seq"] as const;

  @MayBeAbsent()
  @Describe("Stored upper case; EURUSD when absent.")
  @IsSymbol()
  symbol?: string;

  @MayBeAbsent()
  @Describe(
    "RFC 3339 with `Z` or an offset, or with `?time_unit=` a number; the server's clock when absent, but never in bulk when null.",
  )
  @IsTickTimeOrNull()
  time?: string | null;

  @Describe("A finite number greater than 0; of a quote the mid of its sides, which need not be given.")
  @IsCost()
  price?: number;

  @Describe("One side of a quote, which has both; a `price` beside them must be their mid, to the last digit.")
  @IsCost()
  bid?: number;

  @Describe("The other side; one below the bid is stored as it is.")
  @IsCost()
  ask?: number;

  @MayBeAbsent()
  @Describe("Place among the ticks of this stamp, 0 to 1023; the next free one when absent.")
  @IsSeqOrNull()
  seq?: number | null;
}

@About("Body of `PUT /ticks`: a price, or both sides of a quote.")
export class CorrectionDto {
  static readonly fields = ["price", "bid", "ask", "reason"] as const;

  @Describe("For a single price.")
  @IsCost()
  price?: number;

  @Describe("For a quote, beside `ask`.")
  @IsCost()
  bid?: number;

  @Describe("For a quote, beside `bid`.")
  @IsCost()
  ask?: number;

  @MayBeAbsent()
  @Describe("Why: `GET /revisions` tells it.")
  @IsReasonOrNull()
  reason?: string | null;
}

/** Which ticks one of several corrections is of. */
class CorrectedStampDto {
  @IsSymbol()
  symbol!: string;

  @IsTime()
  time!: Micros;

  @MayBeAbsent()
  @Describe("Of an update only needed where several ticks share the time; a deletion is of all of them without it.")
  @IsSeqOrNull()
  seq?: number | null;
}

@About("One of several corrections: a tick gets another price, or a quote other sides.")
export class UpdateDto extends CorrectedStampDto {
  static readonly fields = ["op", "symbol", "time", "seq", "price", "bid", "ask"] as const;

  @IsOneOf(["update"])
  op!: "update";

  @Describe("For a single price.")
  @IsCost()
  price?: number;

  @Describe("For a quote, beside `ask`.")
  @IsCost()
  bid?: number;

  @Describe("For a quote, beside `bid`.")
  @IsCost()
  ask?: number;
}

@About("One of several corrections: a tick, or all ticks of a time, are deleted.")
export class DeletionDto extends CorrectedStampDto {
  static readonly fields = ["op", "symbol", "time", "seq"] as const;

  @IsOneOf(["delete"])
  op!: "delete";
}
