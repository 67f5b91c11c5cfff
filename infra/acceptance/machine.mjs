/**
 * Which acceptance tests have the machine to themselves in `npm test`: those that hold the system to times, or count what it
 * does within some. All others mostly wait, for deadlines and for processes to start, and run beside the packages' tests.
 */
const ALONE = [
  "dashboard",
  "postgres-outage",
  "redis-outage",
  "stream-harness",
  "stream-live-bars",
  "strangers-reading",
  "strangers-streaming",
  "strangers-writing",
  "zero-lag",
];

/** What Jest matches the path of such a file with. */
export const ALONE_PATTERN = `/acceptance/test/(${ALONE.join("|")})\\.test\\.ts$`;
