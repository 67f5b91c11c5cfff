import { rolesOf } from "../columns.js";
import { UTC } from "../time/zone.js";
import { always, mostRows, namesOf, type TextFormat } from "./text-format.js";

/** Its files always have milliseconds, slashes, and lines or letters as Windows has them: without these a header of these three words may be anybody's. */
const TIME = /^\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}:\d{2}\.\d{3}$/;

/** FXCM's tick files: `DateTime,Bid,Ask` with the month first, in UTC. One with a day first on any of its lines is none of theirs. */
export const fxcm: TextFormat = {
  name: "fxcm",
  about: "FXCM: DateTime,Bid,Ask with times such as 01/15/2024 10:00:00.123 (month first) in UTC",
  fits: (look) =>
    look.delimiter === "," &&
    (look.isCrLf || look.isUtf16 === true) &&
    namesOf(look).join() === "DateTime,Bid,Ask" &&
    mostRows({ ...look, rows: look.rows.slice(1) }, ([time = ""]) => TIME.test(time)),
  isHeaded: always(true),
  table: (look, said) => ({
    names: namesOf(look),
    model: "the header",
    roles: rolesOf(namesOf(look), said),
    times: { zone: UTC, usualOrder: "mdy", rule: "MM/DD/YYYY HH:MM:SS.mmm, in UTC" },
  }),
};
