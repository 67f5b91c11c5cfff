import { FAMILY_NAMES, type FamilyName } from "./channel.js";
import { IsIntegerText, IsOneOf, IsSymbol, IsSymbolList, IsTime, MayBeAbsent } from "./decorators.js";
import { Describe } from "./field-schema.js";
import { TICKS_PER_STAMP_MAX } from "./tick.js";
import type { Micros } from "./time.js";

/** Path of `DELETE /ticks/{symbol}/{time}`. */
export class StampPath {
  static readonly fields: readonly string[] = ["symbol", "time"];

  @IsSymbol()
  symbol!: string;

  @IsTime()
  time!: Micros;
}

/** Query of `DELETE /ticks/{symbol}/{time}`. */
export class SeqQuery {
  static readonly fields: readonly string[] = ["seq"];

  @MayBeAbsent()
  @IsIntegerText(0, TICKS_PER_STAMP_MAX - 1)
  seq?: number;
}

/** Query of `PUT /ticks`. */
export class TickKeyQuery extends SeqQuery {
  static override readonly fields: readonly string[] = [...StampPath.fields, ...SeqQuery.fields];

  @IsSymbol()
  symbol!: string;

  @IsTime()
  time!: Micros;
}

/** Query of `DELETE /ticks`. */
export class TickRangeQuery {
  static readonly fields: readonly string[] = ["symbol", "start", "end"];

  @IsSymbol()
  symbol!: string;

  @IsTime()
  start!: Micros;

  @IsTime()
  end!: Micros;
}

/** Query of `POST /ticks/bulk`. */
export class BulkQuery {
  static readonly fields: readonly string[] = ["on_error"];

  @MayBeAbsent()
  @IsOneOf(["stop", "skip"])
  on_error?: "stop" | "skip";
}

/** Query of the plain WebSocket endpoints. */
export class SymbolsOrAllQuery {
  static readonly fields: readonly string[] = ["symbol"];

  @MayBeAbsent()
  @Describe("Every symbol when absent.")
  @IsSymbolList()
  symbol?: readonly string[];
}

/** Query of `GET /internal/anchor`. */
export class AnchorQuery extends SymbolsOrAllQuery {
  static override readonly fields: readonly string[] = [...SymbolsOrAllQuery.fields, "family"];

  @MayBeAbsent()
  @Describe("`quote`: with what quotes were in the bars.")
  @IsOneOf(FAMILY_NAMES)
  family?: FamilyName;
}
