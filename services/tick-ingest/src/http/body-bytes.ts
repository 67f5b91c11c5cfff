import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Problem } from "@fx-ohlc/service-kit";

/** A body may unpack to so much however small it is, and past that to so many times what it has. Ticks have a twentieth. */
const UNPACKED_FREE_BYTES = 64 * 1024 * 1024;
const UNPACKED_TIMES_MAX = 100;

const ENDED_EARLY = "the body ended before its announced length";

/** What a body holds, as it comes. */
export class BodyBytes {
  /** To be paused and resumed by its reader. */
  readonly stream: Readable;
  readonly #gunzip: ReturnType<typeof createGunzip> | undefined;
  #unpackedBytes = 0;
  #take: (piece: Buffer) => void = () => undefined;

  constructor(
    private readonly req: IncomingMessage,
    isGzip: boolean,
  ) {
    this.#gunzip = isGzip ? createGunzip() : undefined;
    this.stream = this.#gunzip ?? req;
  }

  /** @param end told that everything came, or why nothing more does; the first time counts */
  read(take: (piece: Buffer) => void, end: (problem?: Problem) => void): void {
    const { req, stream } = this;
    this.#take = (piece) => {
      this.#unpackedBytes += piece.length;
      if (this.#isBomb) end(bomb());
      else take(piece);
    };
    stream.on("data", this.#take);
    stream.once("end", () => end());
    for (const event of ["error", "aborted"]) req.once(event, () => end(new Problem("malformed", ENDED_EARLY)));
    if (this.#gunzip === undefined) return;
    this.#gunzip.on("error", (cause) =>
      end(new Problem("malformed", `the body is no gzip: ${cause.message}`, { cause })),
    );
    req.pipe(this.#gunzip);
  }

  get #isBomb(): boolean {
    if (this.#gunzip === undefined || this.#unpackedBytes <= UNPACKED_FREE_BYTES) return false;
    return this.#unpackedBytes > UNPACKED_TIMES_MAX * this.#gunzip.bytesWritten;
  }

  /** Nothing more is taken; what is left of the body is dropped once there is an answer. */
  close(): void {
    this.stream.off("data", this.#take);
    if (this.#gunzip === undefined) return;
    this.req.unpipe(this.#gunzip);
    this.#gunzip.destroy();
  }
}

function bomb(): Problem {
  const bytes = `${UNPACKED_FREE_BYTES / 1024 / 1024} MiB and ${UNPACKED_TIMES_MAX} times what it has packed`;
  return new Problem("too_large", `the body unpacks to more than ${bytes}`);
}
