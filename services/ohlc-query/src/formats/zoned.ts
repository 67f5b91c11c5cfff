import { type Micros, offsetAt, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { Column, Instants, Table } from "./table.js";

const TWO_DIGITS = (value: number) => String(value).padStart(2, "0");

/**
 * An instant as the clocks of a zone show it, with their offset at that moment, which tells the two times of an hour that comes twice
 * from one another: `2025-03-09T03:00:00-04:00`.
 */
function localText(us: Micros, zone: string, format: Instants["format"]): string {
  // RFC 3339 has whole minutes; Liberia's clocks, in 1970 and 1971 44:30 behind, had not.
  const minutes = Math.trunc(offsetAt(us, zone) / US_PER_MINUTE);
  const ahead = Math.abs(minutes);
  const offset = `${minutes < 0 ? "-" : "+"}${TWO_DIGITS(Math.floor(ahead / 60))}:${TWO_DIGITS(ahead % 60)}`;
  return format(us + minutes * US_PER_MINUTE).replace("Z", offset);
}

function zonedColumn(column: Column, zone: string): Column {
  const { instants } = column;
  if (instants === undefined) return column;
  const cell = (row: number) => {
    const us = instants.at(row);
    return us === null ? null : localText(us, zone, instants.format);
  };
  return { ...column, cell };
}

/** A table whose times are told in a zone; undefined: in UTC. */
export function inZone(table: Table, zone: string | undefined): Table {
  if (zone === undefined) return table;
  return { ...table, columns: table.columns.map((column) => zonedColumn(column, zone)) };
}
