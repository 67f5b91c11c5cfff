import type { LifeEvent } from "../../src/life/event.js";
import { ToldLife } from "../../src/life/told-life.js";

const POST: LifeEvent = {
  kind: "post",
  symbol: 0,
  places: [0.2, 0.4, 0.6, 0.8].map((at) => ({ around: "now", at })),
  prices: [1.1, 1.2, 1.3, 1.4],
};

let told: ToldLife;
beforeEach(async () => {
  told = await ToldLife.begin();
});
afterEach(() => told.life.end());

test.each([
  ["while everything goes on", false],
  ["while everything is stopped", true],
])("a database that goes back to an earlier moment %s takes every client with it", async (_when, isStopped) => {
  await told.happens(POST, { kind: "backup" }, { kind: "post-now", symbol: 0, price: 2 }, POST, {
    ...{ kind: "post", symbol: 1, places: [{ around: "hours", at: 0.3 }], prices: [3] },
  });
  await told.happens({ kind: "restore", pick: 0, isMigrated: false, isStopped }, POST, {
    ...{ kind: "replay", pick: 0.99 },
  });
});

test("a database that goes back takes the bars of old ticks with it, also those that a gateway has forgotten to have told", async () => {
  await told.happens(
    { kind: "backup" },
    { kind: "post", symbol: 0, places: [{ around: "days", at: 0.97 }], prices: [9] },
  );
  await told.happens({ kind: "restore", pick: 0, isMigrated: false, isStopped: false });
});

test("a Redis that goes back to an earlier moment hides nothing that was published since", async () => {
  await told.happens({ kind: "redis", what: "save" }, POST, { kind: "post-now", symbol: 0, price: 2 });
  await told.happens({ kind: "redis", what: "restore" }, POST, { kind: "gateway", killed: true }, POST);
});

test("a Redis that is emptied hides nothing", async () => {
  await told.happens(POST, { kind: "redis", what: "flush" }, POST, { kind: "redis", what: "restart" }, POST);
});
