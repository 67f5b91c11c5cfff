/**
 * A source of times for ticks that come without one: the machine's clock, strictly rising. Two ticks of one price never get
 * the same time, which would make the second a repeat of the first.
 *
 * @param nowMs stands in for the machine's clock
 * @returns a function that gives the next time, RFC 3339 with six fraction digits
 */
export function tickClock(nowMs: () => number = Date.now): () => string {
  let lastUs = 0;
  return () => {
    lastUs = Math.max(nowMs() * 1000, lastUs + 1);
    const [head] = new Date(Math.floor(lastUs / 1000)).toISOString().split("Z");
    return `${head}${String(lastUs % 1000).padStart(3, "0")}Z`;
  };
}
