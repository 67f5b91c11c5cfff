import { expectedAnswer } from "./expected-answer.js";
import type { Journal, Moment } from "./journal.js";
import { type Question, questionOf } from "./question.js";
import { type AnswerFormat, expectedLines, linesOf } from "./row-text.js";

/** What one request was answered with. */
export interface GivenAnswer {
  readonly path: string;
  readonly format: AnswerFormat;
  readonly body: string;
  readonly link: string | undefined;
  /** Numbers of the journal: what was committed before the request was sent, and when its answer was there. */
  readonly from: number;
  readonly to: number;
  /** The clock then, ms since 1970. */
  readonly sentMs: number;
  readonly arrivedMs: number;
}

/** How an answer stands to the states that it may be of. */
export type Verdict =
  | { readonly is: "right"; readonly moments: number /** Of the first state that it is of. */; readonly number: number }
  | { readonly is: "wrong"; readonly why: string; readonly expected: string; readonly found: string };

/** The database's clock and this process's are the same machine's, and read a moment apart, ms. */
const CLOCKS_APART_MS = 100;

/** The instant that a `Link` bounds its page by, ms since 1970. */
function linkedMs(link: string | undefined): number | undefined {
  const url = link === undefined ? undefined : /<([^>]+)>/.exec(link)?.[1];
  if (url === undefined) return undefined;
  const { fromMs, toMs } = questionOf(url);
  return link?.includes('rel="prev"') ? toMs : fromMs;
}

interface Candidate {
  readonly number: number;
  readonly lines: string;
  readonly linkMs: number | undefined;
}

/** Holds answers against the journal. */
export class Judge {
  constructor(private readonly journal: Journal) {}

  /**
   * An answer is right when it is that of one moment: the last before its request was sent, or one after it, up to its arrival.
   * What depends on the clock may be of any instant in between.
   */
  judge(answer: GivenAnswer): Verdict {
    const question = questionOf(answer.path);
    const found = linesOf(answer.body, answer.format);
    const link = linkedMs(answer.link);
    const moments = this.journal.moments(answer.from, answer.to, question.symbols);
    let first: Candidate | undefined;
    for (const candidate of this.#candidates(question, answer, moments)) {
      first ??= candidate;
      // The pages of filled buckets are checked by their rows alone.
      const isLinked = question.fill !== "none" || candidate.linkMs === link;
      if (candidate.lines === found && isLinked)
        return { is: "right", moments: moments.length, number: candidate.number };
    }
    const why = `is of none of ${moments.length} states; link ${link}, expected ${first?.linkMs}`;
    return { is: "wrong", why, expected: first?.lines ?? "", found };
  }

  *#candidates(question: Question, answer: GivenAnswer, moments: readonly Moment[]): Generator<Candidate> {
    const clocks = [answer.sentMs - CLOCKS_APART_MS, answer.arrivedMs + CLOCKS_APART_MS];
    for (const [moment, before] of pairs(moments, question.fill === "previous")) {
      for (const nowMs of clocks) {
        const { rows, linkMs } = expectedAnswer(question, moment, nowMs, before);
        yield { number: moment.number, lines: expectedLines(rows, answer.format), linkMs };
      }
    }
  }
}

/** Each moment with itself, and where the close before a page may be read by a statement of its own, with each other one. */
function* pairs(moments: readonly Moment[], areMixed: boolean): Generator<readonly [Moment, Moment]> {
  for (const moment of moments) yield [moment, moment];
  if (!areMixed) return;
  for (const moment of moments) for (const before of moments) if (before !== moment) yield [moment, before];
}
