import { rolesOf } from "../columns.js";
import { always, isNumber, lowerNames, mostRows, namesOf, type TextFormat } from "./text-format.js";

const MT4_TIME = /^\d{4}\.\d{2}\.\d{2} \d{1,2}:\d{2}:\d{2}(?:\.\d{1,6})?$/;

/**
 * What MetaTrader 5 exports of ticks: `<DATE> <TIME> <BID> <ASK> <LAST> <VOLUME> <FLAGS>` between tabs. A side that did not change is
 * left blank. Times are those of the broker's server.
 */
export const mt5: TextFormat = {
  name: "mt5",
  about:
    "MetaTrader 5's ticks: <DATE> <TIME> <BID> <ASK> <LAST>…, a blank side is unchanged; needs --timezone of the broker",
  fits: (look) => {
    const names = lowerNames(look);
    return ["<date>", "<time>", "<bid>", "<ask>"].every((name) => names.includes(name));
  },
  isHeaded: always(true),
  table: (look, said) => {
    const names = namesOf(look);
    const roles = rolesOf(names, said);
    const isSaid = said !== undefined && "named" in said && said.named.has("price");
    const quotes = isSaid ? roles : roles.map((role) => (role === "price" ? undefined : role));
    return { names, model: "the header", roles: quotes, times: {}, carries: true };
  },
};

/** How many columns make up the time of a line: one, or a date and a time of day with seconds. */
function timeColumns([first = "", second = ""]: readonly string[]): 1 | 2 | undefined {
  if (MT4_TIME.test(first)) return 1;
  return MT4_TIME.test(`${first} ${second}`) ? 2 : undefined;
}

/**
 * Ticks for MetaTrader 4, as Birt's scripts and Tick Data Suite write them: `2024.01.02 10:00:00.123,1.10100,1.10110,1.50,0.75` (time,
 * bid, ask, their volumes), the date and the time of day in two columns or in one. That the smaller price is the bid is how it is
 * told from other lines.
 */
export const mt4: TextFormat = {
  name: "mt4",
  about: "ticks for MetaTrader 4 (Birt, Tick Data Suite): 2024.01.02 10:00:00.123,bid,ask,volumes; needs --timezone",
  fits: (look) => {
    const first = timeColumns(look.rows[0] ?? []);
    if (first === undefined) return false;
    return mostRows(look, (fields) => {
      const [bid, ask, ...volumes] = fields.slice(first);
      const isOrdered = isNumber(bid) && isNumber(ask) && Number(bid) <= Number(ask) && Number(ask) < Number(bid) * 1.1;
      return timeColumns(fields) === first && isOrdered && (volumes.length === 0 || volumes.length === 2);
    });
  },
  isHeaded: always(false),
  table: ({ rows: [first = []] }) => {
    const time = timeColumns(first) === 2 ? (["date", "time"] as const) : (["time"] as const);
    const volumes = Array.from({ length: first.length - time.length - 2 }, () => undefined);
    return {
      names: undefined,
      model: "a line of MetaTrader 4's",
      roles: [...time, "bid", "ask", ...volumes],
      times: {},
    };
  },
};
