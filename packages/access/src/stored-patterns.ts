import { normalizePattern } from "@fx-ohlc/schemas";

/** Patterns in their stored form; what is none covers nothing. */
export function storedPatterns(raw: readonly string[]): readonly string[] {
  const patterns = raw.map(normalizePattern).filter((pattern) => pattern !== undefined);
  return [...new Set(patterns)].sort();
}
