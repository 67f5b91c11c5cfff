import { eventually } from "@fx-ohlc/testkit";
import fc from "fast-check";
import { AnswerBook } from "../src/api/answer-book.js";
import { ApiDocument, type PlacedOperation } from "../src/api/api-document.js";
import { type ApiRequest, CONNECTIONS_MAX, Wire } from "../src/api/exchange.js";
import { requestsFor } from "../src/api/fuzz.js";
import { System } from "../src/system.js";

const ADMIN = `fxk_admin_${"a".repeat(43)}`;
/** What is shown in turn where tokens are asked for: most are good, or little would be seen of what they open. */
const TOKENS = [...Array<string>(7).fill(ADMIN), "garbage", `fxk_nobody_${"b".repeat(43)}`, ""];
const GUARDED = { AUTH: "on", BIND_ADDRESS: "127.0.0.1", INTERNAL_SECRET: "the secret of this test", ADMIN_KEY: ADMIN };
/** Whoever looks for something else than what is always looked for sets another one. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_140_504);
/** Operations whose answers are large and always the same: a few requests say everything. */
const FEW = new Set(["getOpenApi", "getAsyncApi", "getSwaggerUi", "getRedoc", "getServiceMetrics"]);
const FEW_REQUESTS = 20;

describe.each([
  ["AUTH=off", {}, [""], 10_000],
  ["AUTH=on", GUARDED, TOKENS, 2_000],
])("random requests made from the OpenAPI document, with %s,", (_name, env, tokens, count) => {
  let system: System;
  let document: ApiDocument;
  let wire: Wire;

  beforeAll(async () => {
    system = await System.create();
    const { edge } = await system.startAll(env);
    document = await ApiDocument.of(edge.url);
    wire = new Wire(edge.url);
    const admin = { method: "GET", target: "/keys", headers: { authorization: `Bearer ${ADMIN}` } };
    await eventually(async () => (await wire.ask(admin)).status === 200, { what: "the first key" });
  });

  afterAll(async () => {
    wire?.close();
    await system.stop();
  });

  it(`are answered as documented, and ${count} of them with no 5xx`, async () => {
    const book = new AnswerBook(document);
    const failures: string[] = [];
    let good = 0;
    const queue = randomRequests(document, count);
    expect(queue.length).toBe(count);
    const work = async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const { operation, request } = next;
        const answer = await wire.ask(shown(request, tokens[queue.length % tokens.length]));
        book.hold(operation, answer);
        if (answer.status < 300) good += 1;
        if (answer.status >= 500) failures.push(`${JSON.stringify(request)}: ${answer.status} ${answer.text}`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS_MAX }, work));
    expect(failures).toEqual([]);
    expect([...new Set(book.faults)]).toEqual([]);
    // Neither only refusals nor none of them.
    expect(good).toBeGreaterThan(count / 5);
    expect(good).toBeLessThan((count * 4) / 5);
  });
});

function shown(request: ApiRequest, token = ""): ApiRequest {
  if (token === "") return request;
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } };
}

interface Planned {
  readonly operation: PlacedOperation;
  readonly request: ApiRequest;
}

/** Of every operation its share, in random order. */
function randomRequests(document: ApiDocument, count: number): Planned[] {
  const few = document.operations.filter(({ operationId }) => FEW.has(operationId));
  const many = document.operations.filter(({ operationId }) => !FEW.has(operationId));
  const left = count - few.length * FEW_REQUESTS;
  const planned = [
    ...few.flatMap((operation) => sample(document, operation, FEW_REQUESTS)),
    ...many.flatMap((operation, index) =>
      sample(
        document,
        operation,
        Math.floor(((index + 1) * left) / many.length) - Math.floor((index * left) / many.length),
      ),
    ),
  ];
  const [shuffled = planned] = fc.sample(fc.shuffledSubarray(planned, { minLength: planned.length }), {
    seed: SEED,
    numRuns: 1,
  });
  return shuffled;
}

function sample(document: ApiDocument, operation: PlacedOperation, count: number): Planned[] {
  const requests = fc.sample(requestsFor(operation, document), { seed: SEED, numRuns: count });
  return requests.map((request) => ({ operation, request }));
}
