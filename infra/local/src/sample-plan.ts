import { formatTime, type Micros } from "@fx-ohlc/schemas";
import { isSampleShift, SAMPLE_WEEK, sampleShiftUs, shiftArgument } from "./sample-week.js";

/** What is stored where the sample belongs. */
export interface StoredSample {
  /** The first tick of EURUSD. */
  readonly first: { readonly timeUs: Micros; readonly isQuote: boolean } | undefined;
  /** Whether EURUSD has a tick where the sample would end that begins with that one. */
  readonly hasEnd: boolean;
  /** When EURUSD.BID or EURUSD.ASK begin, which were the sample's two sides in earlier versions. */
  readonly pairFirstUs: Micros | undefined;
}

/** Load it with that shift, or not, for which there may be a reason to tell. */
export type SamplePlan = { readonly shiftUs: Micros } | { readonly shiftUs: undefined; readonly reason?: string };

/** How far a sample was moved that begins then; undefined where none can. */
export function shiftOf(firstUs: Micros | undefined): Micros | undefined {
  if (firstUs === undefined) return undefined;
  const shiftUs = firstUs - SAMPLE_WEEK.firstUs;
  return isSampleShift(shiftUs) ? shiftUs : undefined;
}

/**
 * What is to be done about the sample. Whatever else is stored of EURUSD stays what it is: the week is never put among it, nor
 * a second time beside what an earlier version made of it.
 *
 * @param url where the system is, for the command that would do it all the same
 */
export function planSample({ first, hasEnd, pairFirstUs }: StoredSample, nowUs: Micros, url: string): SamplePlan {
  const begunUs = shiftOf(first?.timeUs);
  if (first?.isQuote && begunUs !== undefined) return { shiftUs: hasEnd ? undefined : begunUs };
  const pairUs = shiftOf(pairFirstUs);
  const earlierUs = begunUs ?? pairUs;
  if (earlierUs !== undefined)
    return { shiftUs: undefined, reason: earlierReason(begunUs !== undefined, earlierUs, url) };
  const shiftUs = sampleShiftUs(nowUs);
  if (first === undefined || first.timeUs > SAMPLE_WEEK.lastUs + shiftUs) return { shiftUs };
  return {
    shiftUs: undefined,
    reason: `the sample week is not loaded: EURUSD has other ticks, since ${formatTime(first.timeUs)}`,
  };
}

function earlierReason(arePrices: boolean, shiftUs: Micros, url: string): string {
  const what = arePrices ? "prices of EURUSD" : "EURUSD.BID and EURUSD.ASK";
  const flags = `--symbol EURUSD --shift ${shiftArgument(shiftUs)} --url ${url}${arePrices ? " --replace" : ""}`;
  return (
    `the sample week is here as an earlier version stored it, as ${what}, and stays so; to have it as quotes: ` +
    `npm run fx-ticks -- import ${SAMPLE_WEEK.file} ${flags}`
  );
}
