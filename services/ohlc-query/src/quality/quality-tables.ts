import { formatTime, type Micros, US_PER_SECOND } from "@fx-ohlc/schemas";
import { EMPTY_REASONS } from "../bars/empty-reasons.js";
import { type Cell, type Column, type Table, timeColumn } from "../formats/table.js";
import type { Gap } from "./gaps.js";
import type { Quality } from "./quality.js";

const seconds = (us: Micros) => us / US_PER_SECOND;

/** Makes columns of some rows, by what each is of a row. */
function columnsOf<Row>(rows: readonly Row[]) {
  const at = <T>(place: number, of: (row: Row) => T | null): T | null => {
    const row = rows[place];
    return row === undefined ? null : of(row);
  };
  return {
    of: (name: string, of: (row: Row) => Cell): Column => ({ name, cell: (place) => at(place, of) }),
    time: (name: string, of: (row: Row) => Micros | null) => timeColumn(name, (place) => at(place, of), formatTime),
  };
}

/** @param withOdd whether what only ticks tell is part of it */
export function qualityTable(rows: readonly Quality[], withOdd: boolean): Table {
  const { of, time } = columnsOf(rows);
  const silence = ({ longestSilence }: Quality) => (longestSilence ? longestSilence.toUs - longestSilence.fromUs : 0);
  const odd = [
    of("crossed_quotes", (row) => row.odd?.crossedQuotes ?? null),
    of("outliers", (row) => row.odd?.outliers ?? null),
  ];
  return {
    rows: rows.length,
    columns: [
      { ...of("symbol", ({ symbol }) => symbol), words: rows.map(({ symbol }) => symbol) },
      ...[time("from", ({ fromUs }) => fromUs), time("to", ({ toUs }) => toUs)],
      of("open_s", ({ openUs }) => seconds(openUs)),
      ...[of("tick_count", ({ tickCount }) => tickCount), of("quote_count", ({ quoteCount }) => quoteCount)],
      ...[of("gaps", ({ gaps }) => gaps), of("gap_s", ({ gapUs }) => seconds(gapUs))],
      of("down_s", ({ downUs }) => seconds(downUs)),
      of("longest_silence_s", (row) => seconds(silence(row))),
      time("longest_silence_from", ({ longestSilence }) => longestSilence?.fromUs ?? null),
      of("late_ticks", ({ lateTicks }) => lateTicks),
      ...[
        of("imported_ticks", ({ importedTicks }) => importedTicks),
        of("corrections", ({ corrections }) => corrections),
      ],
      of("crossed_minutes", ({ crossedMinutes }) => crossedMinutes),
      ...(withOdd ? odd : []),
    ],
  };
}

export function gapTable(symbol: string, gaps: readonly Gap[]): Table {
  const { of, time } = columnsOf(gaps);
  return {
    rows: gaps.length,
    columns: [
      { ...of("symbol", () => symbol), words: [symbol] },
      ...[time("from", ({ fromUs }) => fromUs), time("to", ({ toUs }) => toUs)],
      of("seconds", ({ fromUs, toUs }) => seconds(toUs - fromUs)),
      { ...of("reason", ({ reason }) => reason), words: EMPTY_REASONS },
    ],
  };
}
