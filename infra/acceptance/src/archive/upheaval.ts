import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "@fx-ohlc/testkit";
import type { ArchiveWorld } from "./archive-world.js";

/** What happens to more than an archiver. */
export const UPHEAVALS = [
  "nothing",
  "the volume is away",
  "the volume is not mounted",
  "another dataset lies there",
  "retention is raised for a while",
  "tick-ingest is killed",
  "the database is restarted",
  "the database is killed",
] as const;
export type Upheaval = (typeof UPHEAVALS)[number];

/** What readers may meet meanwhile: 503 of days that are dropped, or of everything. */
export const TELLS_OF_AWAY: ReadonlySet<Upheaval> = new Set<Upheaval>([
  "the volume is away",
  "the volume is not mounted",
  "the database is restarted",
  "the database is killed",
]);

/** @param keepDays what is kept, and shall be again */
export async function upset(world: ArchiveWorld, upheaval: Upheaval, keepDays: number, random: () => number) {
  await delay(random() * 3000);
  switch (upheaval) {
    case "the volume is away":
    case "the volume is not mounted":
      return withoutVolume(world.folder, upheaval === "the volume is not mounted", 500 + random() * 2500);
    case "another dataset lies there":
      return withOtherDataset(world.folder, 500 + random() * 2500);
    case "retention is raised for a while":
      await world.setRetention(keepDays + 1 + Math.floor(random() * 5));
      await delay(random() * 3000);
      await world.setRetention(keepDays);
      return;
    case "tick-ingest is killed":
      await world.ingest.kill9();
      await world.ingest.start();
      return;
    case "the database is restarted":
      return restarted(world, () => world.server?.stop());
    case "the database is killed":
      return restarted(world, () => world.server?.kill9());
  }
}

/** Archivers may leave something in the empty folder that stands in its place. */
async function withoutVolume(folder: string, isEmpty: boolean, forMs: number): Promise<void> {
  renameSync(folder, `${folder}-aside`);
  if (isEmpty) mkdirSync(folder);
  await delay(forMs);
  await eventually(() => {
    rmSync(folder, { recursive: true, force: true });
    renameSync(`${folder}-aside`, folder);
    return true;
  });
}

async function withOtherDataset(folder: string, forMs: number): Promise<void> {
  const file = join(folder, "_dataset.json");
  const ours = readFileSync(file);
  writeFileSync(`${file}.new`, JSON.stringify({ id: "another", format: 1, created_at: "" }));
  renameSync(`${file}.new`, file);
  await delay(forMs);
  writeFileSync(`${file}.new`, ours);
  renameSync(`${file}.new`, file);
}

async function restarted({ server, query }: ArchiveWorld, end: () => unknown): Promise<void> {
  if (server === undefined) return;
  await end();
  await server.start();
  await eventually(async () => (await fetch(`${query.url}/ready`)).ok, { what: "ohlc-query to be ready again" });
}
