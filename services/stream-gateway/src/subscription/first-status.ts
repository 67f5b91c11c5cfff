import { type Channel, EVERY_SYMBOL } from "@fx-ohlc/schemas";
import { StatusItem, type SymbolStatus } from "../fanout/status-item.js";
import type { Newcomer } from "./first-bars.js";

/** How feeds are, as far as clients that come are concerned. */
export interface FirstStatus {
  of(symbol: string): SymbolStatus | undefined;
  readonly symbols: Iterable<string>;
}

/** Sends how the feeds of the symbols are that channels name, or mean by a wildcard and the client may see: some 100 bytes each. */
export function sendStatus(
  { sender, caller, format, flush }: Newcomer,
  board: FirstStatus,
  channels: readonly Channel[],
) {
  const followed = channels.filter(({ kind }) => kind === "status").map(({ symbol }) => symbol);
  if (followed.length === 0) return;
  const every = followed.includes(EVERY_SYMBOL) ? [...board.symbols].filter((symbol) => caller.maySee(symbol)) : [];
  flush();
  const packets = [...new Set([...followed, ...every])].flatMap((symbol) => {
    const status = board.of(symbol);
    return status === undefined ? [] : [new StatusItem(symbol, status).packet(format)];
  });
  sender.sendPackets(packets);
}
