import { rolesOf } from "../columns.js";
import { UTC, zoneOfName } from "../time/zone.js";
import { always, lowerNames, namesOf, type TextFormat } from "./text-format.js";

/** Dukascopy's CSV: `Gmt time,Ask,Bid,AskVolume,BidVolume` or `Local time,…`; the ask comes first, and the day before the month. */
export const dukascopy: TextFormat = {
  name: "dukascopy",
  about: "Dukascopy's CSV: Gmt time,Ask,Bid,AskVolume,BidVolume, or Local time with offsets (GMT+0100)",
  fits: (look) => /^(?:gmt|local) time$/.test(lowerNames(look)[0] ?? ""),
  isHeaded: always(true),
  table: (look, said) => {
    const isLocal = lowerNames(look)[0] === "local time";
    const rule = `DD.MM.YYYY HH:MM:SS.mmm${isLocal ? " with its offset (GMT+0100)" : ""}`;
    const times = { order: "dmy", rule, ...(isLocal ? {} : { zone: UTC, isZoneNamed: true }) } as const;
    return { names: namesOf(look), model: "the header", roles: rolesOf(namesOf(look), said), times };
  },
};

/** What JForex saves: `Time (EET),Ask,Bid,AskVolume,BidVolume` with times such as 2024.01.02 10:00:00.123. */
export const jforex: TextFormat = {
  name: "jforex",
  about: "JForex: Time (EET),Ask,Bid,… with its zone in the header",
  fits: (look) => {
    const names = lowerNames(look);
    return /^time\s*\(.+\)$/.test(names[0] ?? "") && names.includes("ask") && names.includes("bid");
  },
  isHeaded: always(true),
  table: (look, said) => {
    const names = namesOf(look);
    const times = { zone: zoneOfName(names[0] ?? ""), isZoneNamed: true, order: "dmy" } as const;
    return { names, model: "the header", roles: rolesOf(names, said), times };
  },
};

/** The Python package duka: `time,ask,bid,ask_volume,bid_volume` with times in UTC that do not say so. */
export const duka: TextFormat = {
  name: "duka",
  about: "the Python package duka: time,ask,bid,ask_volume,bid_volume in UTC",
  fits: (look) => lowerNames(look).join() === "time,ask,bid,ask_volume,bid_volume",
  isHeaded: always(true),
  table: (look, said) => ({
    names: namesOf(look),
    model: "the header",
    roles: rolesOf(namesOf(look), said),
    times: { zone: UTC },
  }),
};

/** The package dukascopy-node: `timestamp,askPrice,bidPrice,askVolume,bidVolume` in milliseconds, or dates in UTC. */
export const dukascopyNode: TextFormat = {
  name: "dukascopy-node",
  about: "the package dukascopy-node: timestamp,askPrice,bidPrice,… in milliseconds or in UTC",
  fits: (look) => /^timestamp,askprice,bidprice(?:,askvolume,bidvolume)?$/.test(lowerNames(look).join()),
  isHeaded: always(true),
  table: (look, said) => ({
    names: namesOf(look),
    model: "the header",
    roles: rolesOf(namesOf(look), said),
    times: { zone: UTC },
  }),
};
