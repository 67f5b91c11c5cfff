import { IsText } from "./answer-fields.js";
import { About, Describe } from "./field-schema.js";

@About("One refused field, as it appears in a problem document's `errors`.")
export class FieldError {
  @Describe("A path into what was sent: `price`, `[3].price`, `line 17.time`.")
  @IsText()
  readonly field!: string;

  @IsText()
  readonly message!: string;
}
