import { eventually, type TestService } from "@fx-ohlc/testkit";
import type postgres from "postgres";
import { healthOf } from "../system.js";

/** Nearer than this clocks are alike on a busy machine, ms. */
const SKEW_TOLERANCE_MS = 500;

/** Moves the clock that every rule goes by so far ahead of this machine's, from the next statement on. */
export async function moveDatabaseClock(sql: postgres.Sql, aheadMs: number): Promise<void> {
  const ahead = `interval '${aheadMs} milliseconds'`;
  await sql.unsafe(`
    create or replace function fx_now() returns timestamptz language sql stable parallel safe
      return now() + ${ahead};
    create or replace function fx_clock() returns timestamptz language sql volatile parallel safe
      return clock_timestamp() + ${ahead};`);
}

/** Until a service, whose own clock is this machine's, has heard of a database's that is so far ahead. */
export async function untilClockIsKnown(service: TestService, aheadMs: number): Promise<void> {
  const isKnown = async () => {
    const { body } = await healthOf(service);
    return Math.abs(Number(body.clock_skew_s) * 1_000 + aheadMs) < SKEW_TOLERANCE_MS;
  };
  await eventually(isKnown, { what: `${service.name} to know the database's clock` });
}
