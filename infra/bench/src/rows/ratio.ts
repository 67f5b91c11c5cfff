import type { Throughput } from "../load/jobs.js";
import { median, type Round } from "../rounds.js";
import type { RowResult } from "./row.js";
import { grouped } from "./row.js";

/** Remembers the generator's CPU time of every measurement and turns a measurement into a rate. */
export class RateMeter {
  readonly generatorCpu = { ours: 0, theirs: 0 };

  /** @returns answers a second */
  rate(side: "ours" | "theirs", { answered, seconds, generatorCpu }: Throughput): number {
    this.generatorCpu[side] = Math.max(this.generatorCpu[side], generatorCpu);
    return answered / seconds;
  }
}

/** The part of a result that compares two rates. */
export function compareRates(
  rounds: readonly Round[],
  unit: string,
  atLeast: number,
): Pick<RowResult, "ours" | "theirs" | "checks" | "rounds"> {
  const ours = median(rounds.map((round) => round.ours));
  const theirs = median(rounds.map((round) => round.theirs));
  return {
    ours: `${grouped(ours)} ${unit}`,
    theirs: `${grouped(theirs)} ${unit}`,
    checks: [{ name: "ratio", value: ours / theirs, unit: "", target: { atLeast } }],
    rounds,
  };
}
