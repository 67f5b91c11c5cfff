import { SCOPE_MEANINGS, SCOPES } from "@fx-ohlc/schemas";
import type { RouteDeclarations } from "@fx-ohlc/service-kit";

/** Which routes each scope opens, as a table in Markdown. */
export function scopeTable(routes: RouteDeclarations): string {
  const shown = Object.values(routes).filter(({ hidden }) => hidden !== true);
  const rows = SCOPES.map((scope) => {
    const own = shown.filter(({ access }) => access === scope).map(({ method, path }) => `\`${method} ${path}\``);
    return `| \`${scope}\` | ${SCOPE_MEANINGS[scope]} | ${own.join(", ")} |`;
  });
  return ["| scope | opens | routes |", "| --- | --- | --- |", ...rows].join("\n");
}
