import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { JsonSchema } from "@fx-ohlc/schemas";
import { entityTag, matches } from "../conditional.js";
import { sendBody } from "../send.js";

/** What makes the documents of an API: called once, when somebody asks. */
export interface ApiDocuments {
  readonly openApi: () => JsonSchema;
  /** Of an API that has a stream: its document, and the body of the page that shows it. */
  readonly stream?: { readonly asyncApi: () => JsonSchema; readonly page: () => string };
}

/** Bytes to be sent again and again. */
interface Representation {
  readonly mediaType: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
  readonly tag: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Send = (req: IncomingMessage, res: ServerResponse) => void;

/** Sends what `make` makes, which is called at the first request. */
export function sendsOnce(mediaType: string, make: () => string | Buffer, headers = {}): Send {
  let made: Representation | undefined;
  return (req, res) => {
    made ??= represent(mediaType, Buffer.from(make()), headers);
    send(made, req, res);
  };
}

/** Sends a document as JSON. */
export function sendsJsonOnce(make: () => JsonSchema): Send {
  return sendsOnce("application/json", () => JSON.stringify(make()));
}

/** Sends a file that the build put into `dist/pages`. */
export function sendsFile(name: string, mediaType: string): Send {
  // From `src/api` and from `dist/api` alike.
  return sendsOnce(mediaType, () => readFileSync(new URL(`../../dist/pages/${name}`, import.meta.url)));
}

function represent(mediaType: string, plain: Buffer, headers: Readonly<Record<string, string>>): Representation {
  return { mediaType, plain, gzipped: gzipSync(plain), tag: entityTag(plain), headers };
}

function send(made: Representation, req: IncomingMessage, res: ServerResponse): void {
  const isGzipped = /\bgzip\b/.test(String(req.headers["accept-encoding"] ?? ""));
  // Each form of it has a tag of its own, as strong tags demand.
  const tag = isGzipped ? made.tag.replace(/"$/, '-gzip"') : made.tag;
  const headers = { ...made.headers, ETag: tag, "Cache-Control": "no-cache", Vary: "Accept-Encoding, Origin" };
  if (matches(req.headers["if-none-match"], tag)) res.writeHead(304, headers).end();
  else if (!isGzipped) sendBody(res, 200, made.mediaType, made.plain, headers);
  else sendBody(res, 200, made.mediaType, made.gzipped, { ...headers, "Content-Encoding": "gzip" });
}
