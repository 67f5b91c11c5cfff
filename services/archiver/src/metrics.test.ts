import { US_PER_DAY } from "@fx-ohlc/schemas";
import { Metrics } from "@fx-ohlc/service-kit";
import { ArchiveMetrics } from "./metrics.js";

const START_US = 1_764_892_800_000_000;

async function behindDays(metrics: Metrics): Promise<string | undefined> {
  const { text } = await metrics.scrape(undefined);
  return /^archive_behind_days (.*)$/m.exec(text)?.[1];
}

test("a day is behind from when it was due, in the middle of a pass too, and nobody's who archives no more", async () => {
  const metrics = new Metrics();
  let nowUs = START_US + 3 * US_PER_DAY;
  const archive = new ArchiveMetrics(metrics, () => nowUs, 2);
  expect(await behindDays(metrics)).toBe("0");
  archive.noteBacklog({ days: 1, oldestUs: START_US, foreignDays: 0 });
  expect(await behindDays(metrics)).toBe("0");
  nowUs += US_PER_DAY / 2;
  expect(await behindDays(metrics)).toBe("0.5");
  archive.noteBacklog({ days: 0, oldestUs: null, foreignDays: 0 });
  expect(await behindDays(metrics)).toBe("0");
  archive.noteBacklog(undefined);
  expect(await behindDays(metrics)).toBe("0");
  archive.noteAway({ days: 2, oldestUs: START_US, foreignDays: 0 });
  archive.noteBacklog({ days: 3, oldestUs: START_US, foreignDays: 0 });
  expect(archive.isStoreAway).toBe(true);
  expect(await behindDays(metrics)).toBe("0.5");
  archive.noteBacklog(undefined);
  expect(archive.isStoreAway).toBe(false);
});
