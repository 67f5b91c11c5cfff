import { formatOffset, type Offset } from "@fx-ohlc/schemas";

/** The offset of a symbol that has had no message yet. Resuming from it brings everything from the first message on. */
export const BEFORE_FIRST: Offset = { epoch: "0", sequence: 0 };

/** Where each symbol's stream stands, as far as clients have been told. */
export interface Positions {
  readonly symbols: Iterable<string>;
  position(symbol: string): Offset | undefined;
}

/** The offset clients resume a symbol from. */
export function offsetOf(positions: Positions, symbol: string): string {
  return formatOffset(positions.position(symbol) ?? BEFORE_FIRST);
}
