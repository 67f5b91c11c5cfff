import { eventually } from "@fx-ohlc/testkit";
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
  if (!hasTimescale) return;
  const policies = () => sql`select 1 from timescaledb_information.jobs where proc_name = 'policy_retention'`;
  await eventually(async () => (await policies()).length === 0, { what: "the policy to be removed" });
});

test.each(["refresh-safely", "refresh-all"] as const)(
  "a %s by hand changes no bar of dropped ticks",
  async (refresh) => {
    await told.happens({ kind: "settings", keepDays: 8 }, MAINTAIN, act(refresh, 0), {
      ...{ kind: "post", symbol: 0, places: [{ around: "now", at: 0.5 }], prices: [2] },
    });
  },
);
