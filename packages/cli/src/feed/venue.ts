/** What a venue says of a symbol: a quote, or the price of a trade. */
export interface VenueTick {
  /** As the venue calls it. */
  readonly symbol: string;
  /** RFC 3339, as finely as the venue says it; undefined where it says none. */
  readonly time: string | undefined;
  /** Decimal text: bid and ask, or one price. */
  readonly prices: readonly string[];
  /** What the venue calls this trade, so that it is known when it comes again. */
  readonly id?: string | undefined;
}

/** Who listens to a venue. */
export interface Listener {
  /** The venue has answered, and would say it if something happened. */
  alive(): void;
  take(tick: VenueTick): void;
  /** Something came that is no tick: a side is missing, or nobody can trade on it. */
  unusable(): void;
}

/** Where ticks come from. */
export interface Venue {
  /** As messages call it. */
  readonly name: string;
  /**
   * Connects, and listens until the connection ends or the signal aborts.
   *
   * @throws VenueRefusal when another attempt would be refused as well
   * @throws Error what ended the connection otherwise
   */
  listen(listener: Listener, signal: AbortSignal): Promise<void>;
}

/** A venue will not have it: a wrong token, an unknown symbol. */
export class VenueRefusal extends Error {
  override readonly name = "VenueRefusal";
}

/** A venue asks for patience. */
export class VenueBusy extends Error {
  override readonly name = "VenueBusy";

  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}
