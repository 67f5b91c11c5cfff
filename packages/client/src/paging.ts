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
