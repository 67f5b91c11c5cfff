import { eventually } from "@fx-ohlc/embedded";
import { US_PER_HOUR } from "@fx-ohlc/schemas";
import { ArchiveKeeper } from "./archive-keeper.js";
import { history } from "./keeper.js";

let archive: ArchiveKeeper;

beforeEach(async () => {
  archive = await ArchiveKeeper.open({ retentionDays: 0 });
});

afterEach(() => archive.close());

test("an archiver of a database whose archive was ended touches nothing of the dataset, which may be another's", async () => {
  const { keeper, sql } = archive;
  await keeper.store(history(keeper.nowUs, 3, 0, 6 * US_PER_HOUR));
  await keeper.refreshed();
  await keeper.migrate({ archiveUrl: "none" });
  archive.startArchiver();
  await eventually(async () => {
    const [row] = await sql<{ reason: string | null }[]>`select refused_because as reason from archive_state`;
    return row?.reason?.includes("no archive is recorded");
  });
  expect(await archive.entries()).toEqual([]);
  await keeper.migrate({ archiveUrl: archive.store.url });
  await eventually(() => archive.isArchived(), { what: "all ended days to be archived" });
});
