import {
  Describe,
  FieldError,
  IsAnyText,
  IsCount,
  IsListOf,
  IsText,
  IsWord,
  type Shape,
  Sometimes,
} from "@fx-ohlc/schemas";
import { PROBLEM_TYPES, PROBLEMS, type ProblemCode } from "../problem.js";
import type { BodySchema } from "./route.js";

/** The body of every answer that is a problem (RFC 9457). */
export class ProblemDocument {
  // A text here, and words in each answer: of two lists generators make two types, and leave out what should be both.
  @Describe("What kind of problem it is; the path leads to what it means.")
  @IsText()
  readonly type!: `/problems/${ProblemCode}`;

  @IsText()
  readonly title!: string;

  @IsCount(400)
  readonly status!: number;

  @Describe("What was wrong with this very request, for people.")
  @IsText()
  readonly detail!: string;

  @Sometimes()
  @Describe("Every refused field, at most the first 100.")
  @IsListOf(FieldError)
  readonly errors?: readonly FieldError[];

  @IsText()
  readonly request_id!: string;
}

/** What `GET /problems/{code}` says. */
export class ProblemMeaning {
  @IsWord(...PROBLEM_TYPES)
  readonly type!: `/problems/${ProblemCode}`;

  @IsCount(400)
  readonly status!: number;

  @IsText()
  readonly title!: string;
}

/** Parameters of `GET /problems/{code}`. */
export class ProblemPath {
  static readonly fields: readonly string[] = ["code"];

  @IsAnyText({ examples: Object.keys(PROBLEMS) })
  readonly code!: string;
}

/** A problem that is one of a few. */
export function problemSchema(shape: Shape, codes: readonly ProblemCode[]): BodySchema {
  const type = { enum: codes.map((code) => `/problems/${code}`) };
  return { schema: (ref) => ({ allOf: [ref(shape), { type: "object", properties: { type } }] }) };
}
