/** Some six hundred are known, each in any case: what is looked up again costs nothing. */
const REMEMBERED_MAX = 2000;
const known = new Set<string>();

/** Whether `timezone` is an IANA zone known here; `+02:00` and the like are not zones. */
export function isTimezone(timezone: string): boolean {
  if (known.has(timezone)) return true;
  if (!/^[A-Za-z]/.test(timezone)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    return false;
  }
  if (known.size >= REMEMBERED_MAX) known.clear();
  known.add(timezone);
  return true;
}

/** A zone's name as the database of zones spells it, where only its letters' case is another; readers of files look for that. */
export function zoneName(timezone: string): string {
  const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: timezone }).resolvedOptions();
  return timeZone.toLowerCase() === timezone.toLowerCase() ? timeZone : timezone;
}
