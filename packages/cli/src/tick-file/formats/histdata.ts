import { UnreadableError } from "../tick.js";
import { zoneOf } from "../time/zone.js";
import { always, type TextFormat } from "./text-format.js";

/** "EST without day light savings adjustments", all year round. */
const zone = zoneOf("-05:00");

const NINJA_NAME = /DAT_NT_[A-Z0-9]+_T_(LAST|BID|ASK)_\d{4,6}\./i;
const MODEL = "a HistData line";

/**
 * HistData's ticks: `20120201 000003660,1.306600,1.306770,0` (time, bid, ask, a volume that is always 0), and for NinjaTrader one
 * side a file: `20240102 100000;1.101000;0`.
 */
export const histdata: TextFormat = {
  name: "histdata",
  about: "HistData's ticks, generic ASCII or for NinjaTrader (LAST, BID, ASK): UTC-5 all year, no header",
  fits: ({ rows, path }) => {
    const [first = [], width] = [rows[0], rows[0]?.length];
    const isAscii = width === 4 && /^\d{8} \d{9}$/.test(first[0] ?? "");
    return isAscii || (width === 3 && /^\d{8} \d{6}$/.test(first[0] ?? "") && NINJA_NAME.test(path));
  },
  isHeaded: always(false),
  table: ({ rows, path }) => {
    const side = NINJA_NAME.exec(path)?.[1]?.toLowerCase();
    const common = { names: undefined, model: MODEL };
    if (side === undefined && rows[0]?.length === 3)
      throw new UnreadableError(
        "its name does not say whether it holds LAST, BID or ASK: say --columns time,price,- --timezone -05:00",
      );
    if (side === "bid" || side === "ask") {
      return {
        ...common,
        roles: ["time", side, undefined],
        times: { zone, rule: "YYYYMMDD HHMMSS, in HistData's UTC-5" },
      };
    }
    if (side === "last")
      return {
        ...common,
        roles: ["time", "price", undefined],
        times: { zone, rule: "YYYYMMDD HHMMSS, in HistData's UTC-5" },
      };
    const rule = "YYYYMMDD HHMMSSmmm, in HistData's UTC-5";
    return { ...common, roles: ["time", "bid", "ask", undefined], times: { zone, rule } };
  },
};
