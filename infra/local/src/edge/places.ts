import type { ServerResponse } from "node:http";

/** How fast a request is shows after so long: none gives way before. */
const UNKNOWN_MS = 500;
/** So long a request keeps its place where all callers have equally few. */
const FAIR_MS = 10_000;

/** What a request has of its service. */
export interface Place {
  readonly caller: string;
  readonly res: ServerResponse;
  readonly startedMs: number;
  /** What its connection had carried then. */
  readonly startedBytes: number;
}

function carriedBytes({ req: { socket } }: ServerResponse): number {
  return socket.bytesRead + socket.bytesWritten;
}

/**
 * Places that are taken. An upload and a reader may take their time as long as there are others; when there are none, a caller gets one
 * from who has the most, whose slowest request gives way: after half a second with its place where that caller keeps more than the other
 * has, and after 10 s where he has one more, as when each has one.
 */
export class Places {
  readonly #byCaller = new Map<string, Set<Place>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  take(caller: string, res: ServerResponse): Place {
    const place = { caller, res, startedMs: performance.now(), startedBytes: carriedBytes(res) };
    const places = this.#byCaller.get(caller);
    if (places === undefined) this.#byCaller.set(caller, new Set([place]));
    else places.add(place);
    this.#size += 1;
    return place;
  }

  leave(place: Place): void {
    const places = this.#byCaller.get(place.caller);
    if (places?.delete(place) !== true) return;
    this.#size -= 1;
    if (places.size === 0) this.#byCaller.delete(place.caller);
  }

  /** The request that gives its place up to a caller, and has done so by now; undefined when none does. */
  yieldTo(caller: string, nowMs = performance.now()): Place | undefined {
    const most = [...this.#byCaller.values()].reduce((a, b) => (b.size > a.size ? b : a), new Set<Place>());
    const fewer = most.size - (this.#byCaller.get(caller)?.size ?? 0);
    if (fewer < 1) return undefined;
    const yielding = slowestOf(most, nowMs, fewer > 1 ? UNKNOWN_MS : FAIR_MS);
    if (yielding !== undefined) this.leave(yielding);
    return yielding;
  }
}

/** Of those that have had their places for so long. */
function slowestOf(places: ReadonlySet<Place>, nowMs: number, heldMs: number): Place | undefined {
  let slowest: Place | undefined;
  let bytesPerMs = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const tookMs = nowMs - place.startedMs;
    // They are in the order in which they were taken.
    if (tookMs < heldMs) break;
    const rate = (carriedBytes(place.res) - place.startedBytes) / tookMs;
    if (rate >= bytesPerMs) continue;
    slowest = place;
    bytesPerMs = rate;
  }
  return slowest;
}
