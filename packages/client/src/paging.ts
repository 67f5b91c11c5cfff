import { UnreachableError } from "./errors.js";
import type { Call, Http } from "./http.js";

const NEXT = /<([^>]*)>\s*;[^,]*\brel="?next"?/;

/** The address a `Link` header names as the next page, absolute; undefined on the last page. */
export function nextPage(link: string | null, url: string): string | undefined {
  const target = NEXT.exec(link ?? "")?.[1];
  return target === undefined ? undefined : new URL(target, url).href;
}

/**
 * Every row of a paged answer, in order. A page is asked for when the one before has been used up, so that leaving the loop
 * early asks for no more.
 */
export async function* pagedRows<Row>(http: Http, first: Call): AsyncGenerator<Row, void, undefined> {
  for (let call: Call | undefined = first; call !== undefined; ) {
    const { url, headers, body } = await http.send(call);
    // The contract's arrays: each caller names the row type of the address it asks for.
    yield* body as Row[];
    const next = nextPage(headers.get("link"), url);
    call = next === undefined ? undefined : { method: "GET", path: next, signal: first.signal };
  }
}

/** Where a row stands among those of one symbol: ticks by (time, seq), bars by their bucket. */
export interface Placed {
  readonly time?: string;
  readonly bucket?: string;
  readonly seq?: number;
}

/** Whether a row comes after another one; their times are in UTC and of the same length, and so compare as text. */
function isAfter(row: Placed, last: Placed): boolean {
  const [at, lastAt] = [startOf(row) ?? "", startOf(last) ?? ""];
  return at === lastAt ? (row.seq ?? 0) > (last.seq ?? 0) : at > lastAt;
}

function startOf({ time, bucket }: Placed): string | undefined {
  return time ?? bucket;
}

/**
 * Every row of an answer with `limit=all`, as it is made: no faster than they are taken, and never more than a few hundred kilobytes
 * of it here. An answer that is cut off is asked for again from its last row on, as long as each brings some; but for one of several
 * symbols, which come one after the other.
 */
export async function* streamedRows<Row extends Placed>(http: Http, first: Call): AsyncGenerator<Row, void, undefined> {
  let last: Row | undefined;
  for (let hasCome = true; hasCome; ) {
    hasCome = false;
    const start = last === undefined ? undefined : startOf(last);
    const query = { ...first.query, ...(start !== undefined && { start }), limit: "all", format: "ndjson" };
    try {
      for await (const line of http.lines({ ...first, query })) {
        // The contract's own rows: each caller names the row type of the address it asks for.
        const row = JSON.parse(line) as Row;
        if (last !== undefined && !isAfter(row, last)) continue;
        [last, hasCome] = [row, true];
        yield row;
      }
      return;
    } catch (error) {
      if (!(error instanceof UnreachableError) || !hasCome || String(first.query?.symbol).includes(",")) throw error;
    }
  }
}
