// What openapi-typescript makes of the OpenAPI document, with openapi-fetch; compiled strictly, then run.
import assert from "node:assert/strict";
import { env } from "node:process";
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const symbol = env.FX_SYMBOL ?? "";
const api = createClient<paths>({ baseUrl: env.FX_URL ?? "", headers: { Authorization: `Bearer ${env.FX_TOKEN}` } });
const tick = { symbol, time: "2026-03-02T00:00:00Z", price: 1.1 };

const { data: stored, error } = await api.POST("/ticks", { body: tick });
assert.equal(error, undefined);
assert.equal(stored?.price, 1.1);

const refused = await api.POST("/ticks", { body: { ...tick, time: "noon" } });
assert.equal(refused.response.status, 422);
assert.match(refused.error?.detail ?? "", /RFC 3339/);

const { data: ticks } = await api.GET("/ticks", { params: { query: { symbol, start: "2026-03-02" } } });
// There are other formats than JSON, and of that another shape than rows.
assert(Array.isArray(ticks));
assert.deepEqual(
  ticks.map(({ price }) => price),
  [1.1],
);

// Of several symbols bars come in one answer.
const query = { symbol: [symbol], interval: "1m", start: "2026-03-02" };
const { data: bars } = await api.GET("/ohlc", { params: { query } });
assert(Array.isArray(bars) && bars.length === 1);
console.log("ok a client of openapi-typescript");
