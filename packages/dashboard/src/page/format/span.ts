const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** A stretch of time by its two greatest units: `3 h 30 min`, `45 s`, `5 d 2 h`. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE_S) return `${whole} s`;
  if (whole < HOUR_S) return pair(whole, MINUTE_S, "min", 1, "s");
  return whole < DAY_S ? pair(whole, HOUR_S, "h", MINUTE_S, "min") : pair(whole, DAY_S, "d", HOUR_S, "h");
}

function pair(seconds: number, unitS: number, unit: string, restUnitS: number, restUnit: string): string {
  const rest = Math.floor((seconds % unitS) / restUnitS);
  return `${Math.floor(seconds / unitS)} ${unit}${rest === 0 ? "" : ` ${rest} ${restUnit}`}`;
}
