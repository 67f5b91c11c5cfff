import { isAscii } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { TimeUnit } from "@fx-ohlc/schemas";
import { type Caller, GatheredBytes, Problem, requireCurrent } from "@fx-ohlc/service-kit";
import { BODIES, type BodyBudget, NO_ROOM } from "./body-budget.js";
import { BodyBytes } from "./body-bytes.js";
import { type BodyForm, bodyForm, endBeforeNuls, notUtf8, refuseUtf16, startAfterMark } from "./body-form.js";
import { JsonBounds } from "./json-bounds.js";

/** Shorter texts cannot hold much. */
const PLAIN_BYTES_MAX = 1024;

function tooLarge(bytesMax: number): Problem {
  return new Problem("too_large", `the body is larger than ${bytesMax} bytes`);
}

/**
 * Reads a whole body, without the mark before it and the NULs after it. It may have taken half a minute to come: whoever was admitted
 * with its head has to be who he was then.
 *
 * @param bytesMax of what it unpacks to
 * @throws Problem 413 beyond `bytesMax`, 400 when the sender hangs up or it does not unpack, 408 when it is too slow, 415 when it is
 *   no UTF-8, 503 when there is no room, 401 when the caller's token has ended meanwhile
 */
export async function readBody(
  req: IncomingMessage,
  form: BodyForm,
  caller: Caller,
  bytesMax: number,
  budget: BodyBudget = BODIES,
): Promise<Buffer> {
  const body = await gather(req, form, bytesMax, budget);
  requireCurrent(caller);
  refuseUtf16(body);
  if (form.isAscii && !isAscii(body)) throw notUtf8("of another encoding");
  return body.subarray(startAfterMark(body), endBeforeNuls(body));
}

/** Leaner than a body parser on the hottest route: no copies of a body that came in one piece. */
function gather(req: IncomingMessage, { isGzip }: BodyForm, bytesMax: number, budget: BodyBudget): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > bytesMax) return Promise.reject(tooLarge(bytesMax));
  return new Promise((resolve, reject) => {
    const gathered = new GatheredBytes();
    const bytes = new BodyBytes(req, isGzip);
    const end = (problem?: Problem) => {
      share.close();
      bytes.close();
      const body = gathered.take();
      if (problem === undefined) resolve(body);
      else reject(problem);
    };
    const take = (piece: Buffer) => {
      share.arrived(piece.length);
      if (gathered.length + piece.length > bytesMax) end(tooLarge(bytesMax));
      else if (share.hold(piece.length)) gathered.add(piece);
      else end(NO_ROOM);
    };
    const share = budget.open({ isPaced: true, giveUp: end });
    bytes.read(take, end);
  });
}

const JSON_ONLY = { mediaTypes: ["application/json"] };

/**
 * Reads what a caller sends.
 *
 * @param timeUnit see {@link parseJson}
 * @throws Problem 400 when the body is not JSON, 413 when it holds too much, 415 when it does not say that it is JSON; what
 *   {@link readBody} throws
 */
export async function readJson(
  req: IncomingMessage,
  caller: Caller,
  bytesMax: number,
  timeUnit?: TimeUnit,
): Promise<unknown> {
  return parseJson(await readBody(req, bodyForm(req, JSON_ONLY), caller, bytesMax), timeUnit);
}

/**
 * @param timeUnit of times that are numbers: with one they are read as text, for a double does not hold nanoseconds
 * @throws Problem 400 when a body is not JSON, 413 when it holds too much
 */
export function parseJson(body: Buffer, timeUnit?: TimeUnit): unknown {
  const excess = body.length <= PLAIN_BYTES_MAX ? undefined : new JsonBounds().excessOf(body);
  if (excess !== undefined) throw new Problem("too_large", `the body ${excess}`);
  const text = body.toString("utf8");
  try {
    return JSON.parse(timeUnit === undefined ? text : withTimesAsText(text));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : "";
    const hint = isOfLines(text) ? "; lines go to POST /ticks/bulk as application/x-ndjson" : "";
    throw new Problem("malformed", `the body is not valid JSON: ${message}${hint}`, { cause });
  }
}

/** Within a text there is no quote that is not escaped, so that what is found here is a name and its value. */
const NUMBER_OF_TIME = /("time"\s*:\s*)(\d+)(?=\s*[,}])/g;

/** JSON with the digits of times that are numbers as text. */
export function withTimesAsText(json: string): string {
  return json.replace(NUMBER_OF_TIME, '$1"$2"');
}

/** Whether what is no JSON begins with a line that is. */
function isOfLines(text: string): boolean {
  const end = text.indexOf("\n");
  try {
    return end > 0 && typeof JSON.parse(text.slice(0, end)) === "object";
  } catch {
    return false;
  }
}
