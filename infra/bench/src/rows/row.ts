import type { BenchConfig } from "../config.js";
import type { Lab } from "../lab.js";
import type { Round } from "../rounds.js";

/** One number, beside the least or most it should be. */
export interface Check {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: { readonly atLeast: number } | { readonly atMost: number };
}

/** What one row of the table found. */
export interface RowResult {
  readonly work: string;
  readonly against: string;
  /** How it was measured: sizes, connections, what was checked. */
  readonly setup: string;
  /** Medians, where there are two sides. */
  readonly ours: string;
  readonly theirs: string;
  readonly checks: readonly Check[];
  readonly rounds: readonly Round[];
  /** The highest share of a core that the load generator used against each side; a high one would hide the server behind it. */
  readonly generatorCpu: { readonly ours: number; readonly theirs: number };
}

export interface RowContext {
  readonly lab: Lab;
  readonly config: BenchConfig;
  readonly signal: AbortSignal;
}

/** One row of the table: what it is called on the command line, and how it is measured. */
export interface Row {
  readonly name: string;
  measure(context: RowContext): Promise<RowResult>;
}

/** A count with separators: 12,345. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
