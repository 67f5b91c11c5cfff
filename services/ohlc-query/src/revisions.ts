import { type Queries, readMark } from "@fx-ohlc/database";
import { formatTime, type Micros, type RevisionKind, type SymbolRange } from "@fx-ohlc/schemas";
import { Problem } from "@fx-ohlc/service-kit";
import { column, type Table, timesColumn } from "./formats/table.js";
import type { Reader } from "./reader.js";
import { settledRevisions } from "./settled-revisions.js";

/** Which revisions to read: those of ticks within a range. */
export interface RevisionRange extends SymbolRange {
  /** Those done from here on. */
  readonly sinceUs: Micros;
  /** The `id` of the last one that is known; 0 for all. */
  readonly after: number;
  readonly rowsMax: number;
}

/** What a single tick was and became; nulls where a revision is of more, or of late ones. */
interface SingleTick {
  readonly seq: number | null;
  readonly oldPrice: number | null;
  readonly oldBid: number | null;
  readonly oldAsk: number | null;
  readonly newPrice: number | null;
  readonly newBid: number | null;
  readonly newAsk: number | null;
}

export interface Revision extends SingleTick {
  readonly id: number;
  readonly atUs: Micros;
  readonly kind: RevisionKind;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly ticks: number | null;
  readonly by: string | null;
  readonly reason: string | null;
  readonly undoes: number | null;
}

/**
 * Reads revisions in the order in which their transactions began, and none before all that come before it are there.
 *
 * @param reader of the primary: no other knows who is still writing
 * @throws Problem 410 when ticks of the range are dropped
 */
export async function readRevisions(reader: Reader, range: RevisionRange): Promise<readonly Revision[]> {
  const { droppedBeforeUs } = await reader.read(readMark);
  if (range.fromUs < droppedBeforeUs && droppedBeforeUs > 0) {
    const horizon = formatTime(droppedBeforeUs);
    const detail = `What was done to ticks before ${horizon} is not kept any more: begin there.`;
    throw new Problem("gone", detail);
  }
  return settledRevisions(reader, () => reader.read((sql) => select(sql, range)));
}

/** One that is not there (of another database, say) is taken for the last one before it. */
function select(sql: Queries, { symbol, fromUs, toUs, sinceUs, after, rowsMax }: RevisionRange) {
  return sql<Revision[]>`
    select revisions.id, at as "atUs", kind, from_time as "fromUs", to_time as "toUs", ticks, by, reason, undoes,
           seq, price as "oldPrice", bid as "oldBid", ask as "oldAsk",
           new_price as "newPrice", new_bid as "newBid", new_ask as "newAsk"
      from revisions
      left join tick_history single
             on ticks = 1 and kind <> 'late' and single.change = revisions.change and single.symbol = revisions.symbol
                and (new_price is null) = (kind = 'delete')
     where revisions.symbol = ${symbol} and from_time < ${toUs} and to_time > ${fromUs}
       and at >= ${sinceUs}
       and (at, revisions.id) > (coalesce((select at from revisions where id <= ${after} order by id desc limit 1), '-infinity'), ${after}::bigint)
     order by at, revisions.id
     limit ${rowsMax}`;
}

export function revisionTable(symbol: string, revisions: readonly Revision[]): Table {
  const of = <Name extends keyof Revision>(
    name: string,
    field: Name,
    more: { sparse?: true; isFreeText?: true } = {},
  ) => ({
    ...column(
      name,
      revisions.map((revision) => revision[field]),
    ),
    ...more,
  });
  const time = (name: string, field: "atUs" | "fromUs" | "toUs") =>
    timesColumn(
      name,
      revisions.map((revision) => revision[field]),
      formatTime,
    );
  const sparse = { sparse: true } as const;
  const text = { isFreeText: true } as const;
  return {
    rows: revisions.length,
    columns: [
      ...[
        of("id", "id"),
        time("at", "atUs"),
        of("kind", "kind"),
        { name: "symbol", cell: () => symbol, words: [symbol] },
      ],
      ...[time("from", "fromUs"), time("to", "toUs"), of("ticks", "ticks")],
      ...[of("by", "by", text), of("reason", "reason", text), of("undoes", "undoes", sparse), of("seq", "seq", sparse)],
      ...[of("old_price", "oldPrice", sparse), of("old_bid", "oldBid", sparse), of("old_ask", "oldAsk", sparse)],
      ...[of("new_price", "newPrice", sparse), of("new_bid", "newBid", sparse), of("new_ask", "newAsk", sparse)],
    ],
  };
}
