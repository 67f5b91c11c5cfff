import { IsPrice, IsSeq, IsSymbol, IsTime, MayBeAbsent } from "./decorators.js";
import { About, Describe } from "./field-schema.js";

@About("Body of `POST /ticks`.")
export class TickDto {
  static readonly fields = ["symbol", "time", "price", "seq"] as const;

  @MayBeAbsent()
  @Describe("Stored upper case; EURUSD when absent.")
  @IsSymbol()
  symbol?: string;

  @MayBeAbsent()
  @Describe("RFC 3339 with `Z` or an offset; the server's clock when absent.")
  @IsTime()
  time?: string;

  @Describe("A finite number greater than 0.")
  @IsPrice()
  price!: number;

  @MayBeAbsent()
  @Describe("Place among the ticks of this stamp, 0 to 1023; the next free one when absent.")
  @IsSeq()
  seq?: number;
}

@About("Body of `PUT /ticks`.")
export class PriceDto {
  static readonly fields = ["price"] as const;

  @IsPrice()
  price!: number;
}
