import { env } from "node:process";
import { ArchiveRun } from "../src/archive/archive-run.js";
import { ArchiveWorld } from "../src/archive/archive-world.js";

const ROUNDS = Number(env.ARCHIVE_ROUNDS ?? 2);
const SEED = Number(env.ARCHIVE_SEED ?? 20_251_205);
/** A round takes some ten seconds; a busy machine is no reason to fail, ms. */
const ROUND_MAX_MS = 400_000;

test(
  "whatever becomes of archivers, the store and the database, every answer stays what it was before its ticks were dropped",
  async () => {
    const lines: string[] = [];
    const isLong = env.ARCHIVE_ROUNDS !== undefined;
    const log = (line: string) => {
      if (isLong) process.stderr.write(`${line}\n`);
      else lines.push(line);
    };
    const world = await ArchiveWorld.open();
    const run = new ArchiveRun(world, { seed: SEED, rounds: ROUNDS, log });
    try {
      log(`ARCHIVE_SEED=${SEED}, ${await world.system.engine()}`);
      await run.run();
    } catch (error) {
      throw new Error([`ARCHIVE_SEED=${SEED} ARCHIVE_ROUNDS=${ROUNDS}: ${error}`, ...lines].join("\n"), {
        cause: error,
      });
    } finally {
      await run.stop();
      await world.stop();
    }
  },
  (ROUNDS + 2) * ROUND_MAX_MS,
);
