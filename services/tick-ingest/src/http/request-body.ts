import type { IncomingMessage } from "node:http";
import { Problem } from "@fx-ohlc/service-kit";

/** A sender that needs longer for a whole body holds memory for nothing. */
const BODY_DEADLINE_MS = 30_000;

function tooLarge(bytesMax: number): Problem {
  return new Problem("too_large", `the body is larger than ${bytesMax} bytes`);
}

/**
 * Reads a whole body. Leaner than a body parser on the hottest route: one listener, no encodings, no copies of a body that
 * came in one piece.
 *
 * @throws Problem 413 beyond `bytesMax`, 400 when the sender hangs up or is too slow
 */
export function readBody(req: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > bytesMax) return Promise.reject(tooLarge(bytesMax));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (problem: Problem) => {
      clearTimeout(deadline);
      req.removeAllListeners("data");
      reject(problem);
    };
    const deadline = setTimeout(
      () => fail(new Problem("malformed", "the body took too long to arrive")),
      BODY_DEADLINE_MS,
    );
    req.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) fail(tooLarge(bytesMax));
      else chunks.push(chunk);
    });
    req.once("end", () => {
      clearTimeout(deadline);
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    });
    req.once("error", () => fail(new Problem("malformed", "the body ended before its announced length")));
    req.once("aborted", () => fail(new Problem("malformed", "the body ended before its announced length")));
  });
}

/** The media type of a request, lower case and without parameters. */
export function mediaType(req: IncomingMessage): string {
  return (req.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** @throws Problem 400 when the body is not JSON, 415 when it does not say that it is */
export async function readJson(req: IncomingMessage, bytesMax: number): Promise<unknown> {
  requireMediaType(req, ["application/json"]);
  return parseJson(await readBody(req, bytesMax));
}

/** @throws Problem 400 when a body is not JSON */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new Problem("malformed", `the body is not valid JSON: ${error instanceof Error ? error.message : ""}`, {
      cause: error,
    });
  }
}

/** @throws Problem 415 */
export function requireMediaType(req: IncomingMessage, accepted: readonly string[]): void {
  const type = mediaType(req);
  const encoding = req.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw new Problem("unsupported_media_type", `the body must not be encoded, and this one is ${encoding}`);
  }
  if (accepted.includes(type)) return;
  throw new Problem(
    "unsupported_media_type",
    `the body must be ${accepted.join(", ")}, not ${type === "" ? "without a Content-Type" : type}`,
  );
}
