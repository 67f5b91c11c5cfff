import {
  About,
  BulkQuery,
  BulkResult,
  CorrectedTick,
  CorrectionDto,
  CorrectionsResult,
  DeleteResult,
  DeleteTickQuery,
  DeletionDto,
  Describe,
  IsCount,
  IsText,
  IsTickTime,
  PostedTick,
  ReasonQuery,
  RevisionPath,
  Sometimes,
  StampPath,
  SymbolDto,
  SymbolJson,
  SymbolPath,
  TickDto,
  TickKeyQuery,
  TickQuery,
  TickRangeQuery,
  UndoResult,
  UpdateDto,
  UploadResult,
  WriteQuery,
} from "@fx-ohlc/schemas";
import { declareRoutes, listOf, ProblemDocument } from "@fx-ohlc/service-kit";
import { ARCHIVE_ROUTES } from "./archive-routes.js";
import { FEED_ROUTES } from "./feed-routes.js";

@About("A problem with ticks: besides what every problem says, how far it came.")
export class TickProblem extends ProblemDocument {
  @Sometimes()
  @Describe("How many fields were refused; `errors` lists the first 100.")
  @IsCount()
  readonly error_count?: number;

  @Sometimes()
  @Describe("Of a streamed body: ticks that are stored all the same.")
  @IsCount()
  readonly created?: number;

  @Sometimes()
  @IsCount()
  readonly duplicates?: number;

  @Sometimes()
  @Describe("Of a streamed body: the line to resume after.")
  @IsCount()
  readonly lines?: number;

  @Sometimes()
  @Describe("Of a streamed body: the line that was refused.")
  @IsCount(1)
  readonly line?: number;

  @Sometimes()
  @Describe("The oldest time that is still kept.")
  @IsTickTime()
  readonly horizon?: string;
}

@About("A problem with lines of Influx line protocol.")
export class LineProblem extends TickProblem {
  @Sometimes()
  @Describe("Of a bad line: `detail` by the name under which clients of InfluxDB look for it.")
  @IsText()
  readonly error?: string;
}

const LINES = { schema: { type: "string" } };
const TICKS = { tag: "ticks", problemShape: TickProblem } as const;
const BODY_PROBLEMS = [
  "malformed",
  "request_timeout",
  "conflict",
  "too_large",
  "unsupported_media_type",
  "invalid",
] as const;

/** As what speaks to InfluxDB or QuestDB sends ticks. */
const WRITE = {
  ...TICKS,
  problemShape: LineProblem,
  method: "POST",
  access: "write",
  queryDto: WriteQuery,
  requestHeaders: ["Content-Encoding", "X-Feed"],
  body: { "text/plain": { schema: { type: "string" } } },
  answers: { 204: { description: "All of it is stored, now or before.", headers: { "X-Ignored": "always" } } },
  problems: [...BODY_PROBLEMS, "forbidden", "older_than_retention", "too_many_requests", "unavailable", "timeout"],
} as const;

/** The write side. */
export const INGEST_ROUTES = declareRoutes({
  postTick: {
    ...TICKS,
    method: "POST",
    path: "/ticks",
    access: "write",
    summary: "Store one tick",
    description:
      "Answered when it is committed. The same request can be sent again: a tick is never stored twice. Ticks of one symbol and time are told apart by `seq`.",
    queryDto: TickQuery,
    requestHeaders: ["X-Feed"],
    body: { "application/json": TickDto },
    answers: { 201: { description: "Stored, now or before.", content: { "application/json": PostedTick } } },
    problems: [...BODY_PROBLEMS, "older_than_retention", "too_many_requests", "unavailable", "timeout"],
  },
  postTicks: {
    ...TICKS,
    method: "POST",
    path: "/ticks/bulk",
    access: "write",
    summary: "Store many ticks",
    description:
      "A JSON array is stored whole or not at all. Of a quote `price` may be given beside `bid` and `ask` as it is answered, as their mid to the last digit. Lines of NDJSON or CSV (header `time,symbol,price[,seq]`, or `bid,ask` in place of `price`; with all three a row leaves empty what it is not, `price` of a quote or `bid` and `ask` of a single price) are streamed, as many as there are, in atomic chunks: at a bad line the answer says what was stored before it. Bodies may be gzip.",
    queryDto: BulkQuery,
    requestHeaders: ["Content-Encoding", "X-Feed"],
    body: { "application/json": listOf(TickDto), "application/x-ndjson": LINES, "text/csv": LINES },
    answers: {
      201: {
        description: "Stored, now or before. `lines` is there for streamed bodies.",
        content: {
          "application/json": { schema: (ref) => ({ anyOf: [ref(BulkResult), ref(UploadResult)] }) },
        },
      },
    },
    problems: [...BODY_PROBLEMS, "older_than_retention", "too_many_requests", "unavailable", "timeout"],
  },
  writeLines: {
    ...WRITE,
    path: "/write",
    summary: "Store ticks sent as Influx line protocol",
    description:
      "As clients of QuestDB and Telegraf send it: `ANY_TABLE,symbol=EURUSD bid=1.1,ask=1.2 1733392800000000000`, with `price` or `bid` and `ask`, and `seq` where there is one. Streamed and stored as lines of `/ticks/bulk` are; at a bad line the answer, a 400, says which it is and what was stored before it. Whatever its `Content-Type` is, the body is UTF-8, and may be gzip.",
  },
  writeLinesV2: { ...WRITE, path: "/api/v2/write", summary: "Store ticks as clients of InfluxDB 2 send them" },
  putTick: {
    ...TICKS,
    method: "PUT",
    path: "/ticks",
    access: "correct",
    summary: "Correct the price of a tick, or both sides of a quote",
    description:
      "Answered when the bars hold the change, or after 5 s. Who follows the ticks is told then, as `corrected`, where the ticks were told.",
    queryDto: TickKeyQuery,
    body: { "application/json": CorrectionDto },
    answers: { 200: { description: "The tick as it is now.", content: { "application/json": CorrectedTick } } },
    problems: [...BODY_PROBLEMS, "older_than_retention", "not_found", "unavailable", "timeout"],
  },
  deleteTicks: {
    ...TICKS,
    method: "DELETE",
    path: "/ticks",
    access: "correct",
    summary: "Delete the ticks of a time range",
    description: "From `start` inclusive to `end` exclusive. Answered and told as the PUT is.",
    queryDto: TickRangeQuery,
    answers: { 200: { description: "How many they were.", content: { "application/json": DeleteResult } } },
    problems: ["malformed", "invalid", "older_than_retention", "unavailable", "timeout"],
  },
  deleteTick: {
    ...TICKS,
    method: "DELETE",
    path: "/ticks/{symbol}/{time}",
    access: "correct",
    summary: "Delete the tick, or all ticks, of one time",
    pathDto: StampPath,
    queryDto: DeleteTickQuery,
    answers: { 200: { description: "How many they were.", content: { "application/json": DeleteResult } } },
    problems: ["malformed", "not_found", "invalid", "older_than_retention", "unavailable", "timeout"],
  },
  postCorrections: {
    ...TICKS,
    method: "POST",
    path: "/corrections",
    access: "correct",
    summary: "Correct and delete several ticks at once",
    description:
      "Up to 1,000, all of them in one transaction or none. Answered when the bars hold the change, or after 5 s.",
    queryDto: ReasonQuery,
    body: {
      "application/json": {
        schema: (ref) => ({ type: "array", maxItems: 1000, items: { anyOf: [ref(UpdateDto), ref(DeletionDto)] } }),
      },
    },
    answers: { 200: { description: "How many they were.", content: { "application/json": CorrectionsResult } } },
    problems: [...BODY_PROBLEMS, "older_than_retention", "not_found", "unavailable", "timeout"],
  },
  undoRevision: {
    ...TICKS,
    method: "POST",
    path: "/revisions/{id}/undo",
    access: "correct",
    summary: "Put back what a correction replaced",
    description: "A correction itself. Where something was changed since, nothing is done: a conflict.",
    pathDto: RevisionPath,
    queryDto: ReasonQuery,
    answers: { 200: { description: "How many ticks they were.", content: { "application/json": UndoResult } } },
    problems: [
      ...["malformed", "not_found", "conflict", "invalid", "forbidden"],
      ...["older_than_retention", "unavailable", "timeout"],
    ] as const,
  },
  putSymbol: {
    method: "PUT",
    path: "/symbols/{symbol}",
    access: "admin",
    summary: "Register a symbol, or say something of it",
    description:
      "What is absent stays as it is, and null takes it back. It answers what counts from now on, as `GET /symbols` does: what nobody said is inferred, and follows what is stored.",
    tag: "symbols",
    pathDto: SymbolPath,
    body: { "application/json": SymbolDto },
    answers: {
      200: { description: "What is known of it now.", content: { "application/json": SymbolJson } },
    },
    problems: [
      "malformed",
      "request_timeout",
      "too_large",
      "unsupported_media_type",
      "invalid",
      "too_many_requests",
      "unavailable",
      "timeout",
    ],
  },
  deleteSymbol: {
    method: "DELETE",
    path: "/symbols/{symbol}",
    access: "admin",
    summary: "Remove a symbol that holds nothing",
    description: "One that has ticks or bars stays: a conflict.",
    tag: "symbols",
    pathDto: SymbolPath,
    answers: { 204: { description: "It is gone." } },
    problems: ["malformed", "not_found", "conflict", "invalid", "unavailable", "timeout"],
  },
  ...FEED_ROUTES,
  ...ARCHIVE_ROUTES,
});
