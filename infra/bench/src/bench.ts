import type { BenchConfig } from "./config.js";
import { Lab } from "./lab.js";
import { describeMachine, type Machine } from "./machine.js";
import { rowsNamed } from "./rows/all-rows.js";
import type { RowResult } from "./rows/row.js";

/** Everything a run found, and what it was found on. */
export interface Report {
  readonly machine: Machine;
  readonly command: string;
  /** Measurements of each side of a ratio. */
  readonly rounds: number;
  readonly rows: readonly RowResult[];
  /** Why a row could not be measured; the others are in the report all the same. */
  readonly failures: readonly string[];
  readonly seconds: number;
}

export interface BenchOptions {
  readonly config: BenchConfig;
  /** As it was typed, for the report. */
  readonly command: string;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
  say(line: string): void;
}

/**
 * Measures the rows one after the other. One that fails, or whose own check of what was stored and delivered does, leaves the others
 * as they are, unless a service has ended.
 *
 * @throws Error when something cannot be started, or a service has ended
 */
export async function bench({ config, command, signal, say }: BenchOptions): Promise<Report> {
  const startedMs = performance.now();
  const chosen = rowsNamed(config.rows);
  say("starting PostgreSQL and Redis …");
  const lab = await Lab.open(config);
  try {
    const machine = await describeMachine(lab.database.sql, lab.redisUrl);
    const rows: RowResult[] = [];
    const failures: string[] = [];
    for (const row of chosen) {
      say(`measuring ${row.name} …`);
      try {
        rows.push(await row.measure({ lab, config, signal }));
      } catch (error) {
        signal.throwIfAborted();
        if (lab.deaths.length > 0) throw error;
        failures.push(`${row.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    const seconds = (performance.now() - startedMs) / 1000;
    return { machine, command, rounds: config.rounds, rows, failures, seconds };
  } catch (cause) {
    throw lab.deaths.length > 0 ? new Error(lab.deaths.join("\n"), { cause }) : cause;
  } finally {
    await lab.close();
  }
}
