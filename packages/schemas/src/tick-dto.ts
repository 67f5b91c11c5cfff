import { IsPrice, IsSeq, IsSymbol, IsTime, MayBeAbsent } from "./decorators.js";

/** Body of `POST /ticks`. */
export class TickDto {
  static readonly fields = ["symbol", "time", "price", "seq"] as const;

  /** Stored upper case; EURUSD when absent. */
  @MayBeAbsent()
  @IsSymbol()
  symbol?: string;

  /** RFC 3339 with Z or an offset; the server's clock when absent. */
  @MayBeAbsent()
  @IsTime()
  time?: string;

  /** A finite number greater than 0. */
  @IsPrice()
  price!: number;

  /** Place among the ticks of this stamp, 0 to 1023; the next free one when absent. */
  @MayBeAbsent()
  @IsSeq()
  seq?: number;
}

/** Body of `PUT /ticks`. */
export class PriceDto {
  static readonly fields = ["price"] as const;

  @IsPrice()
  price!: number;
}
