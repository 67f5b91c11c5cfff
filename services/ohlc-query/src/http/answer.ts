import type { IncomingMessage, ServerResponse } from "node:http";
import { entityTag, matches, sendPieces } from "@fx-ohlc/service-kit";
import { Compressor, type Encoding, encodingOf, isWorthEncoding } from "./compression.js";
import type { DeflatedPart } from "./gzip-member.js";
import { REVALIDATED } from "./headers.js";
import { CONTENT_TYPES } from "./media-type.js";
import type { ReadDeadline } from "./read-deadline.js";
import { AnswerStreams, type StreamedAnswer } from "./streamed-answer.js";

/** A whole answer: its text, or the bytes of that, and the `Link` to what follows it. */
export interface TextAnswer {
  readonly body: string | Buffer;
  /** JSON when absent. */
  readonly contentType?: string;
  readonly link?: string | undefined;
}

/** A stretch of a body: its bytes, and where they are kept compressed, those too. */
export interface BodyPart {
  readonly raw: Buffer;
  readonly kept?: DeflatedPart;
}

/**
 * A whole answer whose tag and length are known before its body is: who has it already, and who asks for its head alone, costs
 * no more than that.
 */
export interface TaggedAnswer {
  /** Strong, with its quotation marks: another one for other bytes. */
  readonly tag: string;
  /** Bytes of all parts together. */
  readonly length: number;
  readonly contentType: string;
  readonly link?: string | undefined;
  /** The body, in order; asked for once, when it is sent. */
  parts(): readonly BodyPart[];
  /** The same with what is kept compressed, where that is most of it: asked for instead, by who takes it. */
  keptParts?(): Promise<readonly BodyPart[]>;
}

export type Answer = TextAnswer | TaggedAnswer | StreamedAnswer;

/** Sends answers: compressed to those who take that, 304 to those who have them already. */
export class AnswerSender {
  readonly #compressor = new Compressor();
  readonly #streams = new AnswerStreams();

  /** What is at hand and goes out as it is costs no turn of the event loop. */
  send(req: IncomingMessage, res: ServerResponse, answer: Answer, deadline: ReadDeadline): void | Promise<void> {
    if ("pieces" in answer) return this.#streams.send(req, res, answer, deadline);
    return this.#sendWhole(req, res, "parts" in answer ? answer : tagged(answer));
  }

  #sendWhole(req: IncomingMessage, res: ServerResponse, answer: TaggedAnswer): void | Promise<void> {
    const { tag, length, contentType, link } = answer;
    const encoding = isWorthEncoding(length) ? encodingOf(req, answer.keptParts !== undefined) : undefined;
    // An encoded answer has other bytes than those its tag was made of, so the tag is a weak one.
    const ETag = encoding === undefined ? tag : `W/${tag}`;
    const headers = { ETag, ...REVALIDATED, ...(link === undefined ? {} : { Link: link }) };
    if (matches(req.headers["if-none-match"], tag)) {
      res.writeHead(304, headers).end();
    } else if (req.method === "HEAD") {
      // The length of an encoded body is not known before it is made.
      const described = encoding === undefined ? { "Content-Length": length } : { "Content-Encoding": encoding };
      res.writeHead(200, { "Content-Type": contentType, ...described, ...headers }).end();
    } else if (encoding === undefined) {
      sendPieces(res, 200, contentType, bytesOf(answer.parts()), headers);
    } else {
      return this.#sendEncoded(res, answer, encoding, headers);
    }
  }

  async #sendEncoded(
    res: ServerResponse,
    answer: TaggedAnswer,
    encoding: Encoding,
    headers: Record<string, string>,
  ): Promise<void> {
    const { contentType } = answer;
    const body = (await (encoding === "gzip" ? answer.keptParts?.() : undefined)) ?? answer.parts();
    const encoded = await this.#compressor.compress(body, encoding);
    if (encoded === undefined) sendPieces(res, 200, contentType, bytesOf(body), headers);
    else sendPieces(res, 200, contentType, encoded, { ...headers, "Content-Encoding": encoding });
  }
}

function bytesOf(parts: readonly BodyPart[]): Buffer[] {
  return parts.map(({ raw }) => raw);
}

/** Encoded once, for the tag and for the socket. */
function tagged({ body, contentType = CONTENT_TYPES.json, link }: TextAnswer): TaggedAnswer {
  const raw = typeof body === "string" ? Buffer.from(body) : body;
  return { tag: entityTag(raw), length: raw.length, contentType, link, parts: () => [{ raw }] };
}
