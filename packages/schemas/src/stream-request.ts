import { IsWord } from "./answer-fields.js";
import { About, Describe, Field, Sometimes } from "./field-schema.js";

/** What a client of `/ws` may say. */

const CHANNELS = { type: "array", items: { type: "string" } };

abstract class Request {
  @Sometimes()
  @Describe("Comes back with the answer.")
  @Field({ type: ["integer", "number", "string"], maxLength: 100 })
  readonly id?: string | number;
}

@About(
  "Follows channels: `ticks:EURUSD`, `status:EURUSD`, `ohlc:EURUSD:minute` and every other interval of `GET /ohlc` (`15s`, `4h`, `1w`, `100t`), with `*` for every symbol. `ohlc:EURUSD:minute:bid` and `:ask` are bars of one side of quotes, `:quote` bars with both sides and their spread. `@17:America/New_York` at the end of 45m and intervals of 2h or more says where the FX day starts; without it the configured boundary counts.",
)
export class SubscribeRequest extends Request {
  @IsWord("subscribe")
  readonly op!: "subscribe";

  @Field(CHANNELS)
  readonly channels!: readonly string[];

  @Sometimes()
  @Describe("By concrete ticks channel, the offset of the last message received: what was missed is replayed.")
  @Field({ type: "object", additionalProperties: { type: "string" } })
  readonly since?: Readonly<Record<string, string>>;
}

@About("Follows channels no longer.")
export class UnsubscribeRequest extends Request {
  @IsWord("unsubscribe")
  readonly op!: "unsubscribe";

  @Field(CHANNELS)
  readonly channels!: readonly string[];
}

@About("Asks for a sign of life.")
export class PingRequest extends Request {
  @IsWord("ping")
  readonly op!: "ping";
}

/** Every request of `/ws`. */
export const CLIENT_REQUESTS = [SubscribeRequest, UnsubscribeRequest, PingRequest] as const;
