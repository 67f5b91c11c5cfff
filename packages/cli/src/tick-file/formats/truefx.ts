import { UTC } from "../time/zone.js";
import { always, type TextFormat } from "./text-format.js";

/** TrueFX: `EUR/USD,20211101 19:07:40.498,1.16034,1.16037`: symbol, time in UTC, bid, ask. */
export const truefx: TextFormat = {
  name: "truefx",
  about: "TrueFX: EUR/USD,20211101 19:07:40.498,1.16034,1.16037 in UTC, no header",
  fits: ({ rows: [first = []] }) =>
    first.length === 4 && /^[A-Z]{3}\/[A-Z]{3}$/.test(first[0] ?? "") && /^\d{8} \d{2}:/.test(first[1] ?? ""),
  isHeaded: always(false),
  table: () => ({
    names: undefined,
    model: "a TrueFX line",
    roles: ["symbol", "time", "bid", "ask"],
    times: { zone: UTC, rule: "YYYYMMDD HH:MM:SS.mmm in UTC" },
  }),
};
