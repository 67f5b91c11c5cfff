import type { Report } from "../bench.js";
import { type Check, grouped, type RowResult } from "../rows/row.js";

/** A report for people: what it was measured on, then a row for each work with its target beside it. */
export function reportText({ machine, command, rounds, rows, seconds }: Report): string {
  return [
    `machine    ${machine.cpu}, ${machine.cores} cores shared by everything, ${machine.memoryGb} GB, ${machine.system}`,
    `versions   Node ${machine.node}, ${machine.database}, ${machine.redis}`,
    `settings   ${machine.durability}; one process of each service, with its defaults`,
    `command    ${command} (${Math.round(seconds)} s; medians of ${rounds} rounds, the two sides in turn)`,
    "",
    ...table([["work", "measured", "against", "result", "target"], ...rows.map(cells)]),
    "",
    ...rows.map(footnote),
  ].join("\n");
}

function cells({ work, ours, against, theirs, checks }: RowResult): string[] {
  return [
    work,
    ours,
    [theirs, against].filter((text) => text !== "").join(", "),
    checks.map(resultText).join(", "),
    checks.map(targetText).join(", "),
  ];
}

function resultText({ name, value, unit }: Check): string {
  return `${name} ${value.toFixed(2)}${unit === "" ? "" : ` ${unit}`}`;
}

function targetText({ target, unit }: Check): string {
  const [sign, bound] = "atLeast" in target ? [">=", target.atLeast] : ["<=", target.atMost];
  return `${sign} ${bound}${unit === "" ? "" : ` ${unit}`}`;
}

/** How the row was measured, and how far its rounds lie apart. */
function footnote({ work, setup, rounds, generatorCpu }: RowResult): string {
  const spread = (side: "ours" | "theirs") => {
    const values = rounds.map((round) => round[side]);
    return `${grouped(Math.min(...values))} to ${grouped(Math.max(...values))}`;
  };
  const spreads = rounds.length === 0 ? "" : `; rounds ${spread("ours")}, against ${spread("theirs")}`;
  const generator = [generatorCpu.ours, generatorCpu.theirs]
    .filter((share) => share > 0)
    .map((share) => `${Math.round(share * 100)} %`)
    .join(" and ");
  return `${work}: ${setup}${spreads}; generator ${generator} of a core`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)];
}
