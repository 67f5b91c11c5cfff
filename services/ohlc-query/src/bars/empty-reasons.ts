import {
  isClosedThroughout,
  type MarketSession,
  type MarketSessions,
  type Micros,
  type SymbolKind,
  type SymbolRange,
} from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";

/** Why a bucket has no tick: its market was closed from its start to its end, or every feed was down in it, or none came. */
export const EMPTY_REASONS = ["no_ticks", "market_closed", "feed_down"] as const;
export type EmptyReason = (typeof EMPTY_REASONS)[number];

/** Says why there is nothing in [fromUs, toUs), where there is nothing. Asked in ascending order. */
export type WhyEmpty = (fromUs: Micros, toUs: Micros) => EmptyReason;

/** Finds out what there is to say of a range. */
export type ReadReasons = (symbol: string, fromUs: Micros, toUs: Micros) => Promise<WhyEmpty>;

/** A time when every feed of a symbol was down; it goes on where `toUs` is null. */
interface Outage {
  readonly fromUs: Micros;
  readonly toUs: Micros | null;
}

/** What reasons are told by. */
export interface Grounds {
  /** Whether anybody ever sent the symbol, or said something of it. */
  readonly isKnown: boolean;
  readonly session: MarketSession;
  /** By their beginnings; none lies within another. */
  readonly outages: readonly Outage[];
}

interface Row {
  readonly isKnown: boolean;
  readonly session: string | null;
  readonly kind: SymbolKind | null;
  readonly fromUs: Micros | null;
  readonly toUs: Micros | null;
}

/**
 * What an operator said of the symbol, beside each outage; a single row where there is none. An outage without length was none: it
 * ended because somebody allowed more silence, and not because anything came.
 */
const READ = `
  select said.symbol is not null as "isKnown", said.session, said.kind, outage.from_time as "fromUs", outage.to_time as "toUs"
    from (select $1::text as symbol) as wanted
    left join symbols said on said.symbol = wanted.symbol collate "C"
    left join feed_outages outage
      on outage.symbol = wanted.symbol collate "C"
     and outage.from_time < $3 and coalesce(outage.to_time, 'infinity') > $2
     and outage.to_time is distinct from outage.from_time
   order by outage.from_time`;

/** Reads what reasons are told by: one statement, whatever the range. */
export async function readGrounds(
  reader: Reader,
  sessions: MarketSessions,
  { symbol, fromUs, toUs }: SymbolRange,
): Promise<Grounds> {
  const rows = await reader.read((sql) => sql.unsafe<Row[]>(READ, [symbol, fromUs, toUs], { prepare: true }));
  const outages = rows.flatMap((row) => (row.fromUs === null ? [] : [{ fromUs: row.fromUs, toUs: row.toUs }]));
  return { isKnown: rows[0]?.isKnown ?? false, session: sessions.calendarOf(symbol, rows[0]), outages };
}

/** Reads reasons. */
export function reasonsFrom(reader: Reader, sessions: MarketSessions): ReadReasons {
  return async (symbol, fromUs, toUs) => whyEmpty(await readGrounds(reader, sessions, { symbol, fromUs, toUs }));
}

export function whyEmpty({ session, outages }: Grounds): WhyEmpty {
  let next = 0;
  return (fromUs, toUs) => {
    if (isClosedThroughout(session, fromUs, toUs)) return "market_closed";
    while (endOf(outages[next]) <= fromUs) next += 1;
    const outage = outages[next];
    return outage !== undefined && outage.fromUs < toUs ? "feed_down" : "no_ticks";
  };
}

function endOf(outage: Outage | undefined): Micros {
  return outage?.toUs ?? Number.POSITIVE_INFINITY;
}
