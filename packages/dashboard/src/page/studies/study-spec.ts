export const STUDY_KINDS = ["sma", "ema", "bb", "rsi", "atr", "macd"] as const;
export type StudyKind = (typeof STUDY_KINDS)[number];

/** An indicator and how many bars it looks back; of MACD that is the longer of its averages. */
export interface StudySpec {
  readonly kind: StudyKind;
  readonly period: number;
}

interface Facts {
  readonly name: string;
  readonly period: number;
  /** Drawn on the candles, or beneath them in a pane of its own. */
  readonly isOnChart: boolean;
  readonly lines: number;
}

export const STUDIES: Readonly<Record<StudyKind, Facts>> = {
  sma: { name: "SMA", period: 20, isOnChart: true, lines: 1 },
  ema: { name: "EMA", period: 50, isOnChart: true, lines: 1 },
  bb: { name: "Bollinger", period: 20, isOnChart: true, lines: 3 },
  rsi: { name: "RSI", period: 14, isOnChart: false, lines: 1 },
  atr: { name: "ATR", period: 14, isOnChart: false, lines: 1 },
  macd: { name: "MACD", period: 26, isOnChart: false, lines: 3 },
};

/** A longer one has no value on most charts. */
const PERIOD_MAX = 500;
/** More than this nobody reads, and each costs time with every bar. */
const STUDIES_MAX = 8;

/** The textbook's, which nobody changes. */
export const DEVIATIONS = 2;
export const MACD_SHORT = 12;
export const MACD_SIGNAL = 9;

/** Reads `sma20,rsi14` as addresses have it; what is none of them is left out. */
export function parseStudies(text: string | null): readonly StudySpec[] {
  const specs = (text ?? "").split(",").flatMap((word): StudySpec[] => {
    const [, name, digits = ""] = /^([a-z]+)(\d*)$/.exec(word) ?? [];
    const kind = STUDY_KINDS.find((known) => known === name);
    if (kind === undefined) return [];
    const period = digits === "" ? STUDIES[kind].period : Number(digits);
    return period >= 2 && period <= PERIOD_MAX ? [{ kind, period }] : [];
  });
  const unlike = specs.filter((spec, at) => specs.findIndex((other) => isSame(spec, other)) === at);
  return unlike.slice(0, STUDIES_MAX);
}

function isSame(a: StudySpec, b: StudySpec): boolean {
  return a.kind === b.kind && a.period === b.period;
}

export function studiesText(specs: readonly StudySpec[]): string {
  return specs.map(({ kind, period }) => `${kind}${period}`).join(",");
}

/** What is said at its line. */
export function studyTitle({ kind, period }: StudySpec): string {
  return `${STUDIES[kind].name} ${kind === "macd" ? `${MACD_SHORT} ${period} ${MACD_SIGNAL}` : period}`;
}
