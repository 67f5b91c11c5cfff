import { FxClient } from "@fx-ohlc/client";
import type { Connection } from "./connection.js";

const EVERY_S = 10;

/**
 * Says every ten seconds that a feed is alive, where the connection names one. What is wrong is told by the ticks, whose requests
 * wait for the service: a heartbeat that fails is followed by the next.
 *
 * @param symbolsNow what it brings
 * @returns ends it
 */
export function sendHeartbeats(connection: Connection, symbolsNow: () => readonly string[]): () => void {
  const { url, token, feed } = connection;
  if (feed === undefined) return () => undefined;
  const client = new FxClient({ url, token, feed, retry: { attemptsMax: 1 } });
  const send = () => {
    const symbols = symbolsNow();
    if (symbols.length > 0) client.heartbeat(symbols, { everyS: EVERY_S }).catch(() => undefined);
  };
  send();
  const timer = setInterval(send, EVERY_S * 1000);
  return () => clearInterval(timer);
}
