import type { ApiKey } from "@fx-ohlc/client";

const HEADER = ["ID", "NAME", "SCOPES", "SYMBOLS", "EXPIRES", "LAST USED"] as const;

function cells({ id, name, scopes, symbols, expires_at, last_used_at, in_url }: ApiKey): string[] {
  const marks = in_url ? [...scopes, "in-url"] : scopes;
  return [id, name, marks.join(","), symbols?.join(",") ?? "*", expires_at ?? "never", last_used_at ?? "never"];
}

/** Keys as a table. */
export function keyLines(keys: readonly ApiKey[]): string[] {
  const rows = [HEADER, ...keys.map(cells)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** A key in a sentence. */
export function describeKey({ id, name, scopes, symbols, expires_at, in_url }: ApiKey): string {
  const where = symbols == null ? "every symbol" : symbols.join(", ");
  const until = expires_at == null ? "without end" : `until ${expires_at}`;
  return `key ${id} (${name}) may ${scopes.join(", ")} of ${where} ${until}${in_url ? ", as ?token= in an address" : ""}`;
}
