/** What came of the ticks of a symbol. */
export interface SymbolCounts {
  received: number;
  /** Unix time of the newest tick, s. */
  lastTickS: number;
}

/** What a feed counts; `--metrics` shows all of it. */
export class FeedCounts {
  readonly symbols = new Map<string, SymbolCounts>();
  /** Whether the venue is there. */
  isConnected = false;
  disconnects = 0;
  /** Stored, or stored before. */
  sent = 0;
  /** Left out, for the buffer was full. */
  dropped = 0;
  /** Refused by the service one by one. */
  refused = 0;
  /** Came once more, as it does after a new connection. */
  repeated = 0;
  /** Stamped before the one before it; it is sent all the same. */
  backwards = 0;
  /** Without a time of the venue's, so that it has that of its arrival. */
  untimed = 0;
  /** No ticks. */
  unusable = 0;

  received(symbol: string, timeS: number): void {
    const counts = this.symbols.get(symbol);
    if (counts === undefined) this.symbols.set(symbol, { received: 1, lastTickS: timeS });
    else {
      counts.received += 1;
      counts.lastTickS = Math.max(counts.lastTickS, timeS);
    }
  }
}
