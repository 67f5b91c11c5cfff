import type { IncomingMessage } from "node:http";
import { type Caller, GatheredBytes, Problem, requireCurrent } from "@fx-ohlc/service-kit";
import { BODIES, type BodyBudget, NO_ROOM } from "./body-budget.js";
import { JsonBounds } from "./json-bounds.js";

/** Shorter texts cannot hold much. */
const PLAIN_BYTES_MAX = 1024;

export const ENDED_EARLY = "the body ended before its announced length";

function tooLarge(bytesMax: number): Problem {
  return new Problem("too_large", `the body is larger than ${bytesMax} bytes`);
}

/**
 * Reads a whole body. It may have taken half a minute to come: whoever was admitted with its head has to be who he was then.
 *
 * @throws Problem 413 beyond `bytesMax`, 400 when the sender hangs up, 408 when it is too slow, 503 when there is no room, 401 when the
 *   caller's token has ended meanwhile
 */
export async function readBody(
  req: IncomingMessage,
  caller: Caller,
  bytesMax: number,
  budget: BodyBudget = BODIES,
): Promise<Buffer> {
  const body = await gather(req, bytesMax, budget);
  requireCurrent(caller);
  return body;
}

/** Leaner than a body parser on the hottest route: no encodings, no copies of a body that came in one piece. */
function gather(req: IncomingMessage, bytesMax: number, budget: BodyBudget): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > bytesMax) return Promise.reject(tooLarge(bytesMax));
  return new Promise((resolve, reject) => {
    const gathered = new GatheredBytes();
    const end = () => {
      share.close();
      req.off("data", take);
    };
    const giveUp = (problem: Problem) => {
      end();
      gathered.take();
      reject(problem);
    };
    const take = (piece: Buffer) => {
      share.arrived(piece.length);
      if (gathered.length + piece.length > bytesMax) giveUp(tooLarge(bytesMax));
      else if (share.hold(piece.length)) gathered.add(piece);
      else giveUp(NO_ROOM);
    };
    const share = budget.open({ isPaced: true, giveUp });
    req.on("data", take);
    req.once("end", () => {
      end();
      resolve(gathered.take());
    });
    for (const event of ["error", "aborted"]) req.once(event, () => giveUp(new Problem("malformed", ENDED_EARLY)));
  });
}

/** The media type of a request, lower case and without parameters. */
export function mediaType(req: IncomingMessage): string {
  return (req.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/**
 * Reads what a caller sends.
 *
 * @throws Problem 400 when the body is not JSON, 413 when it holds too much, 415 when it does not say that it is JSON; what
 *   {@link readBody} throws
 */
export async function readJson(req: IncomingMessage, caller: Caller, bytesMax: number): Promise<unknown> {
  requireMediaType(req, ["application/json"]);
  return parseJson(await readBody(req, caller, bytesMax));
}

/** @throws Problem 400 when a body is not JSON, 413 when it holds too much */
export function parseJson(body: Buffer): unknown {
  const excess = body.length <= PLAIN_BYTES_MAX ? undefined : new JsonBounds().excessOf(body);
  if (excess !== undefined) throw new Problem("too_large", `the body ${excess}`);
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
