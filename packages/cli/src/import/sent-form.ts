import type { UploadFormat } from "@fx-ohlc/client";
import type { Chunk } from "./chunks.js";

const TEXTS: ReadonlySet<string> = new Set(["time", "symbol"]);

/**
 * What is sent of a chunk: its CSV, or JSON where some tick has no number, for in CSV no value may be empty. An empty line stands in the
 * place of the header then, so that each line keeps its number.
 */
export function sentForm({ body, hasUnnumbered }: Pick<Chunk, "body" | "hasUnnumbered">): {
  format: UploadFormat;
  text: string;
} {
  if (!hasUnnumbered) return { format: "csv", text: body };
  const [header = "", ...rows] = body.split("\n");
  const columns = header.split(",");
  return { format: "ndjson", text: ["", ...rows.map((row) => jsonOf(columns, row))].join("\n") };
}

function jsonOf(columns: readonly string[], row: string): string {
  if (row === "") return "";
  const cells = row.split(",").map((cell, at): [string, string] => [columns[at] ?? "", cell]);
  const given = cells.filter(([, cell]) => cell !== "");
  return JSON.stringify(Object.fromEntries(given.map(([name, cell]) => [name, TEXTS.has(name) ? cell : Number(cell)])));
}
