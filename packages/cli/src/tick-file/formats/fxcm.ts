import { rolesOf } from "../columns.js";
import { dayAndMonth } from "../time/wall-time.js";
import { UTC } from "../time/zone.js";
import { always, lowerNames, namesOf, type TextFormat } from "./text-format.js";

/** FXCM's tick files: `DateTime,Bid,Ask` with the month first, in UTC. One whose days come first is none of theirs. */
export const fxcm: TextFormat = {
  name: "fxcm",
  about: "FXCM: DateTime,Bid,Ask with times such as 01/15/2024 10:00:00.123 (month first) in UTC",
  fits: (look) => {
    const dates = look.rows.slice(1).map(([time = ""]) => (time.includes("/") ? dayAndMonth(time) : undefined));
    return (
      lowerNames(look).join() === "datetime,bid,ask" &&
      dates[0] !== undefined &&
      dates.every((date) => (date?.[0] ?? 1) <= 12)
    );
  },
  isHeaded: always(true),
  table: (look, said) => ({
    names: namesOf(look),
    model: "the header",
    roles: rolesOf(namesOf(look), said),
    times: { zone: UTC, order: "mdy", rule: "MM/DD/YYYY HH:MM:SS.mmm, in UTC" },
  }),
};
