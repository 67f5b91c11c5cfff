import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { EXAMPLES_FILE, MEDIA_TYPES } from "@fx-ohlc/contract";
import { answerKey, type RecordedRoute } from "@fx-ohlc/service-kit";
import { isJson, mediaTypeOf } from "./answer-book.js";
import type { ApiAnswer } from "./exchange.js";
import type { Step } from "./scenario.js";

interface Routes {
  [operation: string]: RecordedRoute;
}

/** Members that are another at every run. */
const VOLATILE = new Set([
  "timestamp",
  "request_id",
  "id",
  "token",
  "ticket",
  "target",
  "version",
  "clock_skew_s",
  "refresh_backlog_age_s",
  "refresh_backlog_eta_s",
  "ticks_per_second",
  "delay_p50_ms",
  "delay_p99_ms",
]);
/** An answer that is nothing but the time, or the part of it that a range asks for. */
const CLOCK = /^\d{8}(\d\d)?$/;
/** Times after those that the scenario names are of the run. */
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
const LAST_NAMED = "2025-12-31";
/** All of a file that is text. */
const FILE_BEGINNING = "PAR1…";
/** Nothing of a stream is. */
const STREAM_BEGINNING = "…";
/** Longer texts are shown by their beginning. */
const LINES_MAX = 2;
/** Larger objects are shown by their plain members: the documents would contain themselves. */
const OBJECT_BYTES_MAX = 5000;

/**
 * The examples of the documents: the first request of each operation that was answered well, and the first answer of each
 * status and media type, as they really were.
 */
export class Recorder {
  readonly routes: Routes = {};

  note(step: Step, answer: ApiAnswer): void {
    const { operation, path, query, mediaType, body } = step;
    const known = this.routes[operation] ?? {
      ...(path === undefined ? {} : { path }),
      ...(query === undefined ? {} : { query }),
      bodies: {},
      answers: {},
    };
    const isGood = answer.status < 400;
    const sent = isGood && mediaType !== undefined ? { [mediaType]: body } : {};
    const key = answerKey(answer.status, mediaTypeOf(answer));
    const came = answer.text === "" ? {} : { [key]: shown(answer) };
    // What was first stays, in its place.
    this.routes[operation] = {
      ...known,
      bodies: { ...known.bodies, ...sent, ...known.bodies },
      answers: { ...known.answers, ...came, ...known.answers },
    };
  }
}

function shown(answer: ApiAnswer): unknown {
  if (mediaTypeOf(answer) === MEDIA_TYPES.parquet) return FILE_BEGINNING;
  if (mediaTypeOf(answer) === MEDIA_TYPES.arrow) return STREAM_BEGINNING;
  if (!isJson(answer)) return answer.text.split("\n").slice(0, LINES_MAX).join("\n");
  const body: unknown = JSON.parse(answer.text);
  if (answer.text.length <= OBJECT_BYTES_MAX) return body;
  return Object.fromEntries(Object.entries(Object(body)).filter(([, member]) => typeof member === "string"));
}

/** The id of a key, which is drawn, in a sentence. */
const KEY_ID = /\b[0-9a-f]{16}\b/g;
/** Told once a change of keys was tried without Redis, which some runs do before they ask and others after. */
const BY_CHANCE = /Redis does not take the list of keys/;

/** Examples with what changes at every run left out, for comparing them. */
export function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((each) => !BY_CHANCE.test(String(each))).map(lasting);
  if (typeof value === "string") {
    if (CLOCK.test(value)) return "now";
    return value.replace(TIME, (time) => (time > LAST_NAMED ? "now" : time)).replace(KEY_ID, "…");
  }
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([name]) => !VOLATILE.has(name));
  return Object.fromEntries(members.map(([name, member]) => [name, lasting(member)]));
}

export function recordedExamples(): Record<string, unknown> {
  return JSON.parse(readFileSync(EXAMPLES_FILE, "utf8"));
}

/** Writes examples that are not as recorded any more; those of other kinds stay as they are. */
export function record(examples: Readonly<Record<string, unknown>>): void {
  const old = recordedExamples();
  const both = { ...old, ...examples };
  if (isDeepStrictEqual(lasting(both), lasting(old))) return;
  writeFileSync(EXAMPLES_FILE, `${JSON.stringify(both, undefined, 2)}\n`);
}
