import type { Connection } from "../connection.js";

/** The service takes a feed for down when it has not heard of it for some of these. */
const EVERY_S = 10;
/** A heartbeat that takes longer is of no use any more. */
const TIMEOUT_MS = 5_000;

/**
 * Says every ten seconds that a feed is alive, as long as its venue is: a feed that has lost its venue would bring nothing if something
 * happened. What is wrong with the service is told by the ticks; a heartbeat that fails, or a service that knows none, changes nothing.
 *
 * @returns ends it
 */
export function sendHeartbeats(
  { url, token }: Connection,
  feed: string,
  symbols: readonly string[],
  isAlive: () => boolean,
): () => void {
  const address = `${url}/feeds/${encodeURIComponent(feed)}/heartbeat`;
  const body = JSON.stringify({ symbols, every_s: EVERY_S });
  const send = async () => {
    if (!isAlive()) return;
    const shown = typeof token === "function" ? await token() : token;
    const headers = {
      "content-type": "application/json",
      ...(shown !== undefined && { authorization: `Bearer ${shown}` }),
    };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    // The answer's body is read, or its connection could not be used again.
    await (await fetch(address, { method: "POST", headers, body, signal })).text();
  };
  const timer = setInterval(() => void send().catch(() => undefined), EVERY_S * 1000);
  void send().catch(() => undefined);
  return () => clearInterval(timer);
}
