import {
  type FeedState,
  type MarketPhase,
  type MarketSession,
  type Micros,
  marketPhase,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import type { Heard } from "./pair.js";

/** A state, and when it began. */
export interface Known {
  readonly state: FeedState;
  readonly sinceUs: Micros;
}

/** What is known of a symbol besides its ticks. */
export interface SymbolFacts {
  readonly calendar: MarketSession;
  /** What an operator said; null: nothing. */
  readonly quietAfterS: number | null;
}

/** When it is judged. */
export interface Moment {
  readonly nowUs: Micros;
  /** Since when somebody has listened without a pause, by a clock that did not jump: silence before it proves nothing. */
  readonly watchedSinceUs: Micros;
  /** Of feeds without heartbeats, of symbols of which nothing was said. */
  readonly quietAfterS: number;
}

/** So many heartbeats have to be missing. */
const MISSED_HEARTBEATS = 3;
/** Machines read the database's clock some milliseconds apart; what lies further ahead was written before it was set back. */
const AHEAD_MAX_US = 10 * US_PER_SECOND;

/** After how many seconds of silence a feed of a symbol is down. */
export function quietAfterS({ everyS }: Pick<Heard, "everyS">, facts: SymbolFacts, defaultS: number): number {
  return facts.quietAfterS ?? (everyS > 0 ? MISSED_HEARTBEATS * everyS : defaultS);
}

/**
 * The state of a feed of a symbol.
 *
 * - *live*: a tick came within `quiet_after_s`; of a closed market one since it closed.
 * - *closed*: no tick, and the market is closed.
 * - *quiet*: no tick, but a heartbeat.
 * - *down*: neither for so long since anything came, the market opened, and somebody began to listen, whichever was last.
 *
 * Before the last of these is so long ago nobody can say: then it is as it was, and where it was nothing, or closed, quiet.
 */
export function judge(heard: Heard, facts: SymbolFacts, moment: Moment, before: Known | undefined): Known {
  const { nowUs } = moment;
  const limitUs = quietAfterS(heard, facts, moment.quietAfterS) * US_PER_SECOND;
  const tickedUs = believed(heard.tickedUs, moment);
  const phase = phaseOf(facts.calendar, nowUs);
  const isRecent = (us: Micros) => us > nowUs - limitUs;
  const become = (state: FeedState, sinceUs = nowUs): Known => (before?.state === state ? before : { state, sinceUs });

  if (isRecent(tickedUs) && (phase.isOpen || tickedUs >= phase.sinceUs)) return become("live");
  if (!phase.isOpen) return become("closed", phase.sinceUs);
  if (isRecent(believed(heard.heardUs, moment))) return become("quiet");
  const silentFromUs = silentSince(heard, facts, moment);
  if (!isRecent(silentFromUs)) return become("down", silentFromUs + limitUs);
  return become(before === undefined || before.state === "closed" ? "quiet" : before.state);
}

/** From the best to the worst. */
const RANK: readonly FeedState[] = ["live", "closed", "quiet", "down"];

/** A symbol is as the best of its feeds is: undefined without any. */
export function bestOf(states: readonly FeedState[]): FeedState | undefined {
  return RANK.find((state) => states.includes(state));
}

/** Since when nothing has come of a feed of a symbol that could have come, and been heard. */
export function silentSince({ heardUs }: Heard, { calendar }: SymbolFacts, moment: Moment): Micros {
  return Math.max(believed(heardUs, moment), phaseOf(calendar, moment.nowUs).sinceUs, moment.watchedSinceUs);
}

/** What lies ahead of now says nothing but that it was before somebody listened. */
function believed(us: Micros, { nowUs, watchedSinceUs }: Moment): Micros {
  return us > nowUs + AHEAD_MAX_US ? Math.min(watchedSinceUs, nowUs) : us;
}

/** The last phase of a calendar that was asked for: thousands of symbols have the same one, at the same moment. */
const PHASES = new WeakMap<object, { readonly atUs: Micros; readonly phase: MarketPhase }>();

function phaseOf(calendar: MarketSession, nowUs: Micros): MarketPhase {
  if (calendar === "always") return marketPhase(calendar, nowUs);
  const known = PHASES.get(calendar);
  if (known?.atUs === nowUs) return known.phase;
  const phase = marketPhase(calendar, nowUs);
  PHASES.set(calendar, { atUs: nowUs, phase });
  return phase;
}
