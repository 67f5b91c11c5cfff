import { always, lowerNames, namesOf, rolesByName, type TextFormat } from "./text-format.js";

/** Polygon's flat files of quotes: `ticker,ask_exchange,ask_price,bid_exchange,bid_price,participant_timestamp` in nanoseconds. */
export const polygon: TextFormat = {
  name: "polygon",
  about:
    "Polygon's (Massive's) flat files of quotes: ticker,…,ask_price,…,bid_price,sip_timestamp in nanoseconds (participant_timestamp where there is none)",
  fits: (look) => {
    const names = lowerNames(look);
    const isQuotes = names.includes("bid_price") && names.includes("ask_price");
    return isQuotes && (names.includes("participant_timestamp") || names.includes("sip_timestamp"));
  },
  isHeaded: always(true),
  table: (look) => {
    // When the consolidated tape had it, where there is one; else when the venue made it.
    const time = lowerNames(look).includes("sip_timestamp") ? "sip_timestamp" : "participant_timestamp";
    const roles = rolesByName(look, { symbol: "ticker", time, bid: "bid_price", ask: "ask_price" });
    return { names: namesOf(look), model: "the header", roles, times: {} };
  },
};
