import { readFile } from "node:fs/promises";
import type { Environment } from "../../terminal.js";

/** Visible ASCII. Nothing else can be sent, and fetch would print the whole of it in its error. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * OANDA's token, of the environment alone: an argument would stand in the list of processes. A file is read for each connection.
 *
 * @throws Error where there is none
 */
export function oandaToken({ OANDA_TOKEN: token, OANDA_TOKEN_FILE: file }: Environment): () => Promise<string> {
  if (!token && !file)
    throw new Error("OANDA asks for a token: set OANDA_TOKEN, or OANDA_TOKEN_FILE to the name of a file that holds it");
  return async () => {
    const text = (token || (await readFile(file ?? "", "utf8"))).trim();
    if (TOKEN.test(text)) return text;
    throw new Error("OANDA's token is empty, or holds a space, a line end or another character that no token has");
  };
}

/** `EUR/USD` and `EURUSD` as OANDA writes them, `EUR_USD`; any other as it is. */
export function instrumentOf(symbol: string): string {
  return symbol.toUpperCase().replace(/^([A-Z0-9]+)\/([A-Z]{3})$|^([A-Z]{3})([A-Z]{3})$/, "$1$3_$2$4");
}
