import { IsA, IsCount, IsTickTime } from "./answer-fields.js";
import { Describe } from "./field-schema.js";

/** Open connections by endpoint. */
export class ConnectionCounts {
  @IsCount()
  readonly ticks!: number;

  @IsCount()
  readonly ohlc_minute!: number;

  @IsCount()
  readonly ohlc_hour!: number;

  @IsCount()
  readonly ohlc_day!: number;

  @Describe("Of `/ws/ohlc` with any other interval, or with a day boundary of its own.")
  @IsCount()
  readonly ohlc!: number;

  @IsCount()
  readonly multiplex!: number;

  @IsCount()
  readonly sse!: number;
}

/** What `GET /ws/stats` says. */
export class StreamStats {
  @IsA(ConnectionCounts)
  readonly connections!: ConnectionCounts;

  @IsCount()
  readonly total!: number;

  @IsTickTime()
  readonly timestamp!: string;
}
