import type { DrillReport } from "./drill.js";

const COLUMNS: readonly (readonly [string, (report: DrillReport) => unknown])[] = [
  ["drill", ({ name }) => name],
  ["acknowledged", ({ acknowledged }) => acknowledged],
  ["stored", ({ stored }) => stored],
  ["lost", ({ lost }) => lost],
  ["doubled", ({ doubled }) => doubled],
  ["wrong bars", (report) => report.wrongBars],
  ["attempts repeated", ({ failedAttempts }) => counts(failedAttempts)],
  ["longest wait", ({ longestMs }) => `${(longestMs / 1000).toFixed(1)} s`],
  ["clients, reconnects", ({ clients, reconnects }) => `${clients}, ${reconnects}`],
  ["told as missed", ({ declaredRanges }) => counts(declaredRanges)],
  ["untold", ({ untold }) => untold],
  ["told twice", ({ toldTwice }) => toldTwice],
  ["reads", ({ reads }) => reads],
  ["failed reads", ({ failedReads }) => counts(failedReads)],
  ["behind", ({ readsBehind }) => readsBehind],
];

/** The reports as a table of Markdown, for the guide. */
export function tableOf(reports: readonly DrillReport[]): string {
  const rows = [
    COLUMNS.map(([name]) => name),
    COLUMNS.map(() => "---"),
    ...reports.map((report) => COLUMNS.map(([, of]) => String(of(report)))),
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function counts(byKind: Readonly<Record<string, number>>): string {
  const parts = Object.entries(byKind).map(([kind, count]) => `${count} ${kind}`);
  return parts.length === 0 ? "0" : parts.join(", ");
}
