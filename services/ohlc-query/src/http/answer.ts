import type { IncomingMessage, ServerResponse } from "node:http";
import { entityTag, matches, sendBody } from "@fx-ohlc/service-kit";
import { Compressor, encodingOf, isWorthEncoding } from "./compression.js";
import { REVALIDATED } from "./headers.js";
import { CONTENT_TYPES } from "./media-type.js";
import type { ReadDeadline } from "./read-deadline.js";
import { AnswerStreams, type StreamedAnswer } from "./streamed-answer.js";

/** A whole answer: its text, or that encoded, and the `Link` to what follows it. */
export interface TextAnswer {
  readonly body: string | Buffer;
  /** JSON when absent. */
  readonly contentType?: string;
  readonly link?: string | undefined;
}

export type Answer = TextAnswer | StreamedAnswer;

/** Sends answers: compressed to those who take that, 304 to those who have them already. */
export class AnswerSender {
  readonly #compressor = new Compressor();
  readonly #streams = new AnswerStreams();

  async send(req: IncomingMessage, res: ServerResponse, answer: Answer, deadline: ReadDeadline): Promise<void> {
    if ("chunks" in answer) await this.#streams.send(req, res, answer, deadline);
    else await this.#sendText(req, res, answer);
  }

  async #sendText(req: IncomingMessage, res: ServerResponse, answer: TextAnswer): Promise<void> {
    const { body, contentType = CONTENT_TYPES.json, link } = answer;
    // Encoded once, for the tag and for the socket.
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const encoding = isWorthEncoding(bytes) ? encodingOf(req) : undefined;
    const tag = entityTag(bytes);
    // An encoded answer has other bytes than those its tag was made of, so the tag is a weak one.
    const ETag = encoding === undefined ? tag : `W/${tag}`;
    const headers = { ETag, ...REVALIDATED, ...(link === undefined ? {} : { Link: link }) };
    if (matches(req.headers["if-none-match"], tag)) {
      res.writeHead(304, headers).end();
      return;
    }
    const encoded = encoding === undefined ? undefined : await this.#compressor.compress(bytes, encoding);
    if (encoded === undefined) sendBody(res, 200, contentType, bytes, headers);
    else sendBody(res, 200, contentType, encoded.body, { ...headers, "Content-Encoding": encoded.encoding });
  }
}
