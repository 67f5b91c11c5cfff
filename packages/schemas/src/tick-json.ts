import {
  IsCount,
  IsFlag,
  IsListOf,
  IsStoredPrice,
  IsStoredSeq,
  IsStoredSymbol,
  IsText,
  IsTickTime,
  IsWord,
} from "./answer-fields.js";
import { FieldError } from "./field-error.js";
import { About, Describe, Sometimes } from "./field-schema.js";

@About("A stored tick.")
export class TickJson {
  @IsStoredSymbol()
  readonly symbol!: string;

  @IsTickTime()
  readonly time!: string;

  @Describe("Of a quote the mid of its sides, to the last digit.")
  @IsStoredPrice()
  readonly price!: number;

  @Sometimes()
  @Describe("Of a quote.")
  @IsStoredPrice()
  readonly bid?: number;

  @Sometimes()
  @Describe("Of a quote.")
  @IsStoredPrice()
  readonly ask?: number;

  @Describe("Place among the ticks of the symbol at the same time, 0 first.")
  @IsStoredSeq()
  readonly seq!: number;
}

@About("The answer to one posted tick.")
export class PostedTick extends TickJson {
  @Describe("The very tick had been stored before: a replay.")
  @IsFlag()
  readonly duplicate!: boolean;
}

@About("The answer to many posted ticks.")
export class BulkResult {
  @IsCount()
  readonly created!: number;

  @IsCount()
  readonly duplicates!: number;

  @IsText()
  readonly message!: string;
}

@About("The answer to a streamed upload.")
export class UploadResult extends BulkResult {
  @IsCount()
  readonly lines!: number;

  @Sometimes()
  @Describe("With `on_error=skip`: how many lines were left out, if any.")
  @IsCount(1)
  readonly rejected?: number;

  @Sometimes()
  @Describe(
    "What was wrong with the first hundred of them: each `field` begins with `line 17`, the body's first line being 1.",
  )
  @IsListOf(FieldError)
  readonly errors?: readonly FieldError[];
}

export const PENDING = "Present when the bars did not hold the change within 5 s; they will.";

@About("The answer to a PUT.")
export class CorrectedTick extends TickJson {
  @Sometimes()
  @Describe(PENDING)
  @IsWord("pending")
  readonly bars?: "pending";
}

@About("The answer to a DELETE.")
export class DeleteResult {
  @IsCount()
  readonly deleted!: number;

  @IsText()
  readonly message!: string;

  @Sometimes()
  @Describe(PENDING)
  @IsWord("pending")
  readonly bars?: "pending";
}
