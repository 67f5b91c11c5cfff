import { seededRandom } from "../random.js";
import { lifeOf } from "./event.js";

test("a seed makes the same life again, which survives being printed", () => {
  const life = lifeOf(seededRandom(7), 30);
  expect(lifeOf(seededRandom(7), 30)).toEqual(life);
  expect(JSON.parse(JSON.stringify(life))).toEqual(life);
  expect(lifeOf(seededRandom(8), 30)).not.toEqual(life);
});

test("every kind of event happens in two hundred lives", () => {
  const events = Array.from({ length: 200 }, (_, seed) => lifeOf(seededRandom(seed), 30)).flat();
  expect([...new Set(events.map(({ kind }) => kind))].sort()).toEqual(
    [
      ...["backup", "clocks-right", "database-clock", "delete", "delete-stamp", "gateway", "kill-maintenance"],
      ...["kill-writer", "maintain", "operator", "outage", "post", "post-now", "post-run", "put", "redis", "replay"],
      ...["restore", "service-clock", "settings"],
    ].sort(),
  );
});
