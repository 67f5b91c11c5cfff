import type { Answer } from "./answers.js";

/** A service by itself; each is reached through the edges as well. */
export type Side = "ingest" | "query" | "gateway";

/** Where a case is tried. */
export interface Place {
  /** The authority that the client was given. */
  readonly host: string;
  /** Nobody else's, in upper case. */
  readonly symbol: string;
}

/** What an answer has to be. */
export interface Expected {
  readonly status: number;
  /** What its body says. */
  readonly says?: string | RegExp;
  /** What its headers are. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
}

/** What one client sends, and the right answer. */
export interface ClientCase {
  /** Who sends what. */
  readonly client: string;
  readonly to: readonly Side[];
  /** Its bytes. When there are several requests each waits for the answer to the one before it. */
  sends(place: Place): Buffer | readonly Buffer[];
  readonly answers: readonly Expected[];
  readonly isHead?: true;
  /** It ends its side after its request. */
  readonly halfCloses?: true;
  /** An address of the machine whose word the edges take. */
  readonly from?: string;
  /** Whether the connection has to be closed after the answers. */
  readonly isClosed?: true;
  /** What holds of its answers together. */
  holds?(answers: readonly Answer[], place: Place): void;
}

/**
 * A request in bytes: its head line by line as the client writes it, with `HOST` for the authority, and its body, whose length is
 * added where the head does not say how it comes.
 */
export function request({ host }: Place, head: readonly string[], body?: string | Buffer): Buffer {
  const bytes = Buffer.from(body ?? "");
  const isSaid = head.some((line) => /^(content-length|transfer-encoding):/i.test(line));
  const length = body === undefined || isSaid ? [] : [`Content-Length: ${bytes.length}`];
  const lines = [...head, ...length, "", ""].map((line) => line.replaceAll("HOST", host));
  return Buffer.concat([Buffer.from(lines.join("\r\n")), bytes]);
}

/** A body in chunks of that many bytes. */
export function chunked(body: string | Buffer, size: number): Buffer {
  const bytes = Buffer.from(body);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
  }
  return Buffer.concat([...pieces, Buffer.from("0\r\n\r\n")]);
}
