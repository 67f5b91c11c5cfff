import { readFileSync } from "node:fs";
import type { LifeEvent, OperatorAct } from "../../src/life/event.js";
import { ToldLife } from "../../src/life/told-life.js";

const act = (what: OperatorAct, at: number): LifeEvent => ({ kind: "operator", act: what, at });
const MAINTAIN: LifeEvent = { kind: "maintain" };

let told: ToldLife;
beforeEach(async () => {
  told = await ToldLife.begin();
});
afterEach(() => told.life.end());

test("the mark follows chunks that were dropped by hand, and their bars stay", async () => {
  await told.happens(act("drop-chunks", 0.6), MAINTAIN, { kind: "replay", pick: 0 }, act("drop-chunks", 0.2), MAINTAIN);
  const { hasTimescale } = told.life.system.database;
  expect((await told.life.facts()).markUs > 0).toBe(hasTimescale);
});

test("a retention policy that somebody made loses no bar, and is removed", async () => {
  await told.happens(act("retention-policy", 0.6), { kind: "replay", pick: 0 }, act("run-jobs", 0), MAINTAIN);
  const { hasTimescale, sql } = told.life.system.database;
  const policies = hasTimescale
    ? await sql`select 1 from timescaledb_information.jobs where proc_name = 'policy_retention'`
    : [];
  expect(policies).toHaveLength(0);
});

test("the refresh that the guide gives changes no bar of dropped ticks, and the guide forbids the other one", async () => {
  await told.happens({ kind: "settings", keepDays: 8 }, MAINTAIN, act("refresh-safely", 0), {
    ...{ kind: "post", symbol: 0, places: [{ around: "now", at: 0.5 }], prices: [2] },
  });
  const guide = readFileSync(new URL("../../../guide/retention.md", import.meta.url), "utf8");
  expect(guide).toContain("call refresh_bars(");
  expect(guide).toContain("refresh_continuous_aggregate");
});
