import { formatOffset, type Offset } from "@fx-ohlc/schemas";

/** Where each symbol's stream stands, as far as clients have been told. */
export interface Positions {
  readonly symbols: Iterable<string>;
  /**
   * The place of a symbol that has had no message yet. Resuming from it brings everything from the first message on, as long as
   * this gateway, and nobody else, can tell that none was lost since.
   */
  readonly beforeFirst: Offset;
  position(symbol: string): Offset | undefined;
  /** Whether everything that a symbol ever had since this gateway began was told. */
  isWhole(symbol: string): boolean;
}

/** Where clients can resume a symbol. */
export function placeOf(positions: Positions, symbol: string): Offset {
  return positions.position(symbol) ?? positions.beforeFirst;
}

/** The offset clients resume a symbol from. */
export function offsetOf(positions: Positions, symbol: string): string {
  return formatOffset(placeOf(positions, symbol));
}
