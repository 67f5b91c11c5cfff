import { once } from "node:events";
import { eventually, type FaultProxy, faultProxy, testDatabase } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";
import { Actor } from "../src/api/actor.js";
import { AnswerBook } from "../src/api/answer-book.js";
import { ApiDocument } from "../src/api/api-document.js";
import { lasting, Recorder, record, recordedExamples } from "../src/api/recorder.js";
import {
  COMMON_DAY,
  FIRST_KEY,
  GONE,
  GOOD_DAY,
  MANY_SHAPES,
  NO_ROOM,
  REFUSALS,
  STALLED,
  type Step,
} from "../src/api/scenario.js";
import { type Everything, System } from "../src/system.js";

/** Routes of the gateway that the edge hands through are asked there: an upgrade that is refused ends its connection. */
const ON_GATEWAY = /^stream/;
const SOCKETS = GOOD_DAY.filter(({ status, operation }) => status === 101 || operation === "streamEvents");
/** What only a standby says: services/ohlc-query/test/standby.test.ts sees it. */
const OF_STANDBYS = / X-Data-As-Of$/;
/** Symbols of the good day's writes. */
const WRITTEN = ["DEMO", "DEMO2", "DEMO3", "DEMO4"];
const SEARCH = "searchUdfSymbols";
/** A dependency that is away is noticed within 2 s, ms. */
const OUTAGE_NOTICED_MS = 20_000;
/** It takes 50 s on two cores of its own, 30 of which are a writer's patience, ms. */
const TIMEOUT_MS = 300_000;

/** A service's own document, with those who try it out. */
interface Stage {
  readonly document: ApiDocument;
  readonly book: AnswerBook;
  readonly actor: Actor;
}

const COMMON = new Set(COMMON_DAY.map(({ operation }) => operation));

describe("the OpenAPI document of the whole API", () => {
  const recorder = new Recorder();
  let stages: readonly Stage[] = [];
  let proxy: FaultProxy;
  let system: System;
  let services: Everything;
  let document: ApiDocument;
  let book: AnswerBook;
  let edge: Actor;
  let gateway: Actor;

  beforeAll(async () => {
    system = await System.create(async () => {
      const database = await testDatabase();
      proxy = await faultProxy(database.url);
      return { url: proxy.url, drop: () => proxy.close().then(() => database.drop()) };
    });
    services = await system.startAll({ ADMIN_KEY: `fxk_${FIRST_KEY}_${"s".repeat(43)}` });
    const hasFirstKey = async () => (await system.sql`select 1 from api_keys`).length > 0;
    await eventually(hasFirstKey, { what: "the first key" });
    // A day of two symbols, as an archiver enters it.
    await system.sql`
      with entered as (
        insert into archive_days (symbol, date, n, file, ticks_version, ticks, first, last, rows_checksum, file_sha256, bytes,
                                  written_at, verified_at)
        select symbol, '2025-12-04', 1, 'ticks/symbol=' || symbol || '/date=2025-12-04/1.parquet', 7, 86400,
               '2025-12-04T00:00:00Z', '2025-12-04T23:59:59Z', repeat('0', 64), repeat('0', 64), 604800, now(), now()
          from unnest('{EURUSD,USDJPY}'::text[]) as symbol
        returning symbol, date
      )
      insert into archive_versions (symbol, date, version, drawn_at, archived) select symbol, date, 7, now(), 7 from entered`;
    document = await ApiDocument.of(services.edge.url);
    book = new AnswerBook(document);
    edge = new Actor(services.edge.url, document, book, recorder);
    gateway = new Actor(services.gateway.url, document, book, recorder);
    stages = await Promise.all([services.ingest, services.query, services.gateway].map(({ url }) => stageOf(url)));
  });

  async function stageOf(url: string): Promise<Stage> {
    const own = await ApiDocument.of(url);
    const ownBook = new AnswerBook(own);
    return { document: own, book: ownBook, actor: new Actor(url, own, ownBook, recorder) };
  }

  afterAll(async () => {
    edge?.close();
    gateway?.close();
    for (const { actor } of stages) actor.close();
    await system.stop();
  });

  const actorOf = (operation: string) => (ON_GATEWAY.test(operation) ? gateway : edge);

  it(
    "shows nothing that is not so, and everything that is",
    async () => {
      const stalled = Promise.all(STALLED.map((step) => edge.act(step)));
      for (const step of [...GOOD_DAY, ...REFUSALS, ...MANY_SHAPES]) await actorOf(step.operation).act(step);
      for (const actor of [edge, gateway]) await actor.actShared();
      for (const { actor } of stages) {
        for (const step of COMMON_DAY) await actor.act(step);
        await actor.actShared();
      }
      await crowd();
      await fullness();
      await slowness();
      await stalled;
      await expiry();
      await outage();
      expect(book.faults).toEqual([]);
      expect(book.unseen.filter((what) => !OF_STANDBYS.test(what))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it("is the same as the services' own documents, but for what each of them says of itself, and that is so too", () => {
    for (const { document: own, book: ownBook } of stages) {
      expect(ownBook.faults).toEqual([]);
      expect(ownBook.unseen.filter((what) => COMMON.has(what.split(" ", 1)[0] ?? ""))).toEqual([]);
      const others = own.operations.filter(({ operationId }) => !COMMON.has(operationId));
      for (const operation of others) expect(operation).toEqual(document.operation(operation.operationId));
    }
  });

  it("has an example of every request and answer, and each is what really happens", () => {
    if (process.env.RECORD_EXAMPLES !== undefined) record({ routes: recorder.routes });
    expect(lasting(recordedExamples().routes)).toEqual(lasting(recorder.routes));
  });

  /** Acts on a gateway of its own, which has narrow limits. */
  async function onGateway(limits: Record<string, string>, act: (actor: Actor, url: string) => Promise<void>) {
    const { url } = await system.start("stream-gateway", { OHLC_QUERY_URL: services.query.url, ...limits });
    const actor = new Actor(url, document, book, recorder);
    await act(actor, url);
    actor.close();
  }

  /** More new connections than a gateway takes in a second, and more than it takes at all. */
  async function crowd(): Promise<void> {
    await onGateway({ CONNECTIONS_PER_SECOND_MAX: "1" }, async (actor) => {
      for (const step of [...SOCKETS, ...SOCKETS]) await actor.ask(step);
      for (const step of SOCKETS) await actor.act({ ...step, status: 429 });
    });
    await onGateway({ CONNECTIONS_MAX: "1" }, async (actor, url) => {
      const only = new WebSocket(`${url.replace("http", "ws")}/ws`);
      await once(only, "open");
      for (const step of SOCKETS) await actor.act({ ...step, status: 503 });
      only.terminate();
    });
  }

  /** A tick-ingest that takes no further symbol. */
  async function fullness(): Promise<void> {
    const { url } = await system.start("tick-ingest", { SYMBOLS_MAX: "1" });
    const actor = new Actor(url, document, book, recorder);
    for (const step of NO_ROOM) await actor.act(step);
    actor.close();
  }

  /** Ticks of December are dropped. */
  async function expiry(): Promise<void> {
    await system.sql`update retention_mark set dropped_before = '2026-01-01 00:00:00+00'`;
    for (const step of GONE) await edge.act(step);
  }

  /** Somebody holds every table, and the locks that writers take first, until all who wait for them have been given up. */
  async function slowness(): Promise<void> {
    // A tick-ingest has few connections, there are many ways to write, and who waits for a connection waits twice.
    const kinds = [/^delete/, /^write/, /^post/, /^(create|change|list)/, /^(revoke|getAudit)/];
    const started = await Promise.all(kinds.map(() => system.start("tick-ingest")));
    const others = started.map(({ url }) => new Actor(url, document, book, recorder));
    await system.sql.begin(async (transaction) => {
      await transaction`select pg_advisory_xact_lock(hashtextextended(symbol, 0)) from unnest(${WRITTEN}::text[]) as symbol`;
      await transaction`lock table ticks, ohlc_minute, ohlc_hour, ohlc_day, bar_mark, revisions, api_keys, revoked_subjects, audit, feeds in access exclusive mode`;
      const turnOf = ({ operation }: Step) => kinds.findIndex((kind) => kind.test(operation));
      const asked = edge.stepsOf(504).filter(({ operation }) => operation !== SEARCH);
      await Promise.all(asked.map((step) => (others[turnOf(step)] ?? edge).act(step)));
    });
    for (const other of others) other.close();
    await slowSearch();
  }

  /** It reads nothing but the table of symbols. Services look at that one too, so it is held for less than they notice. */
  async function slowSearch(): Promise<void> {
    const { url } = await system.start("ohlc-query", { QUERY_TIMEOUT_MS: "300" });
    const impatient = new Actor(url, document, book, recorder);
    await system.sql.begin(async (transaction) => {
      await transaction`lock table symbols in access exclusive mode`;
      for (const step of edge.stepsOf(504).filter(({ operation }) => operation === SEARCH)) await impatient.act(step);
    });
    impatient.close();
  }

  async function outage(): Promise<void> {
    proxy.refuse();
    await system.redis.stop();
    for (const actor of [edge, ...stages.map((stage) => stage.actor)]) {
      for (const step of actor.stepsOf(503)) {
        const isAway = async () => (await actor.ask(step)).status === 503;
        await eventually(isAway, { timeoutMs: OUTAGE_NOTICED_MS, what: `${step.operation} to answer 503` });
        await actor.act(step);
      }
    }
  }
});
