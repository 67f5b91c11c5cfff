import type { BoundRoute } from "./bind.js";
import type { ApiDocuments } from "./documents.js";

/** What of a document is looked at here: methods by path. */
interface Paths {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * Holds what a service answers against what its document shows, so that a service with another route, or one less, does not
 * even start.
 *
 * @throws Error naming the routes that differ
 */
export function requireDocumented(routes: readonly BoundRoute[], { openApi }: ApiDocuments): void {
  const shown = new Set(routesOf(openApi()));
  const shownRoutes = routes.filter(({ declaration }) => declaration.hidden !== true);
  const answered = new Set(shownRoutes.map(({ declaration: { method, path } }) => `${method} ${path}`));
  const faults = [
    ...[...answered].filter((route) => !shown.has(route)).map((route) => `${route} is not documented`),
    ...[...shown].filter((route) => !answered.has(route)).map((route) => `${route} is documented and not there`),
  ];
  if (faults.length > 0) throw new Error(faults.join("; "));
}

function routesOf({ paths = {} }: Paths): string[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
}
