import type { IncomingMessage, ServerResponse } from "node:http";
import { entityTag, matches, sendPieces } from "@fx-ohlc/service-kit";
import type { Body } from "../formats/table-body.js";
import { byteRangeOf, piecesWithin } from "./byte-range.js";
import { Compressor, type Encoding, encodingOf, isWorthEncoding } from "./compression.js";
import type { DeflatedPart } from "./gzip-member.js";
import { REVALIDATED } from "./headers.js";
import { CONTENT_TYPES } from "./media-type.js";
import { isShort, PageTurns } from "./page-turns.js";
import type { ReadDeadline } from "./read-deadline.js";
import { AnswerStreams, type StreamedAnswer } from "./streamed-answer.js";

/** A whole answer of some rows: its text, or the bytes of that, and the `Link` to what follows it. */
export interface TextAnswer {
  readonly body: Body;
  /** JSON when absent. */
  readonly contentType?: string;
  readonly link?: string | undefined;
  /** Made of the bytes when absent. */
  readonly tag?: string | undefined;
}

/** Bytes that are kept compressed once somebody took them so. */
export interface KeptBlock {
  readonly known: DeflatedPart | undefined;
  /** @returns what is known, and makes it when nothing is */
  make(): Promise<DeflatedPart>;
}

/** A stretch of a body. */
export interface BodyPart {
  readonly raw: Buffer;
  readonly kept?: KeptBlock;
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
  /** Whether most of the body is kept compressed. */
  readonly isKept?: boolean;
  /** Where it is kept encoded as a whole, by encoding and tag. */
  readonly encodedBodies?: EncodedBodies | undefined;
  /** The body, in order; asked for once, when it is sent. */
  parts(): readonly BodyPart[];
}

/** Some bodies that have been encoded. */
export interface EncodedBodies {
  get(key: string): Buffer | undefined;
  /** Keeps one, or not. */
  offer(key: string, body: Buffer): void;
}

/** A whole answer of any bounded number of rows: as many of them as are not at hand as text make it wait for its turn. */
export interface MadeAnswer {
  readonly rows: number;
  readonly make: () => TaggedAnswer;
}

/** The same, with rows that are read for it alone: when there is room for them. */
export interface ReadAnswer {
  readonly rowsMax: number;
  readonly read: () => Promise<MadeAnswer>;
}

export type Answer = TextAnswer | MadeAnswer | ReadAnswer | StreamedAnswer;

/** Sends answers: compressed to those who take that, 304 to those who have them already. */
export class AnswerSender {
  readonly #compressor = new Compressor();
  readonly #pages = new PageTurns();
  readonly #streams = new AnswerStreams(this.#pages);

  /** What is at hand and goes out as it is costs no turn of the event loop. */
  send(req: IncomingMessage, res: ServerResponse, answer: Answer, deadline: ReadDeadline): void | Promise<void> {
    if ("pieces" in answer) return this.#streams.send(req, res, answer, deadline);
    res.setHeader("Accept-Ranges", "bytes");
    if ("body" in answer) return this.#sendWhole(req, res, textAnswer(answer));
    if ("rows" in answer && isShort(answer.rows)) return this.#sendWhole(req, res, answer.make());
    return this.#sendLong(req, res, answer, deadline);
  }

  async #sendLong(
    req: IncomingMessage,
    res: ServerResponse,
    answer: MadeAnswer | ReadAnswer,
    deadline: ReadDeadline,
  ): Promise<void> {
    const make = ({ rows, make }: MadeAnswer) => {
      // Whoever waits for his turn only reads nothing.
      deadline.pause();
      return this.#pages.run(rows, true, deadline, make);
    };
    const whole = await ("rows" in answer
      ? make(answer)
      : this.#pages.hold(answer.rowsMax, deadline, async () => make(await answer.read())));
    return this.#sendWhole(req, res, whole);
  }

  #sendWhole(req: IncomingMessage, res: ServerResponse, answer: TaggedAnswer): void | Promise<void> {
    const { tag, length, contentType, link } = answer;
    const isPart = req.headers.range !== undefined;
    const encoding = isWorthEncoding(length) && !isPart ? encodingOf(req, answer.isKept) : undefined;
    // An encoded answer has other bytes than those its tag was made of, so the tag is a weak one.
    const ETag = encoding === undefined ? tag : `W/${tag}`;
    const headers = { ETag, ...REVALIDATED, ...(link === undefined ? {} : { Link: link }) };
    if (matches(req.headers["if-none-match"], tag)) {
      res.writeHead(304, headers).end();
    } else if (isPart && req.method === "GET") {
      sendPart(req, res, answer, headers);
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
    const { contentType, tag, encodedBodies } = answer;
    const key = `${encoding} ${tag}`;
    const known = encodedBodies?.get(key);
    const body = known === undefined ? answer.parts() : [];
    const encoded = known === undefined ? await this.#compressor.compress(body, encoding) : [known];
    if (encoded === undefined) return sendPieces(res, 200, contentType, bytesOf(body), headers);
    if (known === undefined) encodedBodies?.offer(key, Buffer.concat(encoded));
    sendPieces(res, 200, contentType, encoded, { ...headers, "Content-Encoding": encoding });
  }
}

/** One range of the body, or the whole where there is none to be sent by itself. */
function sendPart(
  req: IncomingMessage,
  res: ServerResponse,
  { tag, length, contentType, parts }: TaggedAnswer,
  headers: Record<string, string>,
): void {
  const range = byteRangeOf(req, tag, length);
  const pieces = bytesOf(parts());
  if (range === undefined) {
    sendPieces(res, 200, contentType, pieces, headers);
    return;
  }
  const described = { ...headers, "Content-Range": `bytes ${range.from}-${range.to - 1}/${length}` };
  sendPieces(res, 206, contentType, piecesWithin(pieces, range), described);
}

function bytesOf(parts: readonly BodyPart[]): Buffer[] {
  return parts.map(({ raw }) => raw);
}

/** Encoded once, for the tag and for the socket. */
export function textAnswer({ body, contentType = CONTENT_TYPES.json, link, tag }: TextAnswer): TaggedAnswer {
  const pieces = typeof body === "string" ? [Buffer.from(body)] : "byteLength" in body ? [body] : body;
  const [first = Buffer.alloc(0), ...others] = pieces;
  return {
    tag: tag ?? entityTag(others.length === 0 ? first : Buffer.concat(pieces)),
    length: pieces.reduce((sum, piece) => sum + piece.length, 0),
    ...{ contentType, link, parts: () => pieces.map((raw) => ({ raw })) },
  };
}
