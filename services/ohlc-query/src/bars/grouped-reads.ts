import { type StoredInterval, US_PER_DAY } from "@fx-ohlc/schemas";
import { Ending, Problem } from "@fx-ohlc/service-kit";
import type { Reader } from "../reader.js";
import type { BarArrays } from "./bar-columns.js";
import type { BarRead, BarsRead, ReadPlan } from "./bar-read.js";
import { type Findings, type Piece, type Question, readPieces, type Seen } from "./bar-statement.js";
import type { Chunk } from "./chunk.js";
import type { Histories } from "./histories.js";
import type { History } from "./history.js";
import type { AskedMarks, Mark } from "./marks.js";
import type { VersionedSpan } from "./span.js";

/** A read that waits for the statement that will answer it. */
interface WaitingRead {
  readonly read: BarRead;
  /** The same from its beginning. */
  readonly make: () => BarRead;
  /** Of its request. */
  readonly ending: Ending;
  resolve(bars: BarsRead): void;
  reject(reason: unknown): void;
  /** Statements after which chunks were not what they had been. */
  outdated: number;
  /** Whether it has waited for another read's piece once. */
  hasWaited: boolean;
}

/** What the next statement has to answer for a read, and where it is asked. */
interface Planned {
  readonly waiting: WaitingRead;
  readonly plan: ReadPlan;
  readonly reader: Reader;
  readonly history: History;
  readonly marks: AskedMarks;
  /** Whether it has no use for marks and versions: all of it is too young to be kept. */
  readonly isPlain: boolean;
  /** Reads that ask about the same may share a statement: */
  readonly asking: string;
  /** those of pieces of one window, and those that need none. */
  readonly window: string | undefined;
  /** The same for reads that need the same closed bars; undefined when there is nothing to wait for. */
  readonly sharing: string | undefined;
}

/**
 * Pieces no longer than this, from one window of this length, may share a statement: some 1,500 bars at most each, and the
 * planner still leaves out what lies before and after.
 */
const WINDOW_US: Readonly<Record<StoredInterval, number>> = {
  minute: US_PER_DAY,
  hour: 50 * US_PER_DAY,
  day: 1000 * US_PER_DAY,
};
/** What a statement is asked for: bars, or only whether chunks still hold what the database does. */
type Lane = "reading" | "validating";

/**
 * Statements of each lane at once: while they run, the reads that arrive gather. To validate takes a fraction of a millisecond, most
 * of it for the statement itself, so that one for all who have gathered costs each of them least.
 */
const RUNNING_MAX: Readonly<Record<Lane, number>> = { reading: 3, validating: 1 };
/** Pieces one statement reads at most, some 10 ms of pages with 60 bars. */
const PIECES_MAX = 32;
/** Spans whose versions one statement reads for more than one read, some 5 ms. */
const SPANS_MAX = 2000;
/** With more of them waiting, a new one is better asked to come back. */
const WAITING_MAX = 1000;
/** So often chunks may turn out to be outdated; after that the bars are read without them. */
const OUTDATED_MAX = 3;

/**
 * Reads of bars in groups: as a group commit does for writes, one statement answers all that arrived while others ran. It says
 * whether the chunks that each of them goes by are what the database holds, and reads what they do not hold, all under one snapshot.
 * A read never joins a statement that has been sent: what was committed before it arrived is in its answer.
 *
 * A read that finds fewer than {@link RUNNING_MAX} statements of its kind running waits for nothing but the end of the event loop's
 * turn. One that needs the very piece that another is reading waits for that, and then asks whether it still holds.
 */
export class GroupedReads {
  readonly #reader: Reader;
  readonly #histories: Histories;
  readonly #onValidated: (seconds: number) => void;
  #waiting: Planned[] = [];
  readonly #running: Record<Lane, number> = { reading: 0, validating: 0 };
  #scheduled = false;
  /** Pieces that are being read, and who waits for each. */
  readonly #pieces = new Map<string, WaitingRead[]>();
  /** How many do. */
  #parked = 0;
  /** By what all reads of one snapshot are planned. */
  #ofSnapshot: { readonly history: string; readonly marks: AskedMarks } | undefined;

  /**
   * @param reader for all of them
   * @param onValidated told of the time of statements that asked for nothing but marks and versions
   */
  constructor(reader: Reader, histories: Histories, onValidated: (seconds: number) => void) {
    this.#reader = reader;
    this.#histories = histories;
    this.#onValidated = onValidated;
  }

  /**
   * @param make of what to read, from its beginning
   * @param ending of the request that reads
   * @throws what {@link Reader.read} throws
   */
  read(make: () => BarRead, ending: Ending): Promise<BarsRead> {
    ending.assertNone();
    if (this.#waiting.length + this.#parked >= WAITING_MAX)
      throw new Problem("unavailable", "Too many reads wait for the database.");
    return new Promise((resolve, reject) => {
      ending.onEnd(reject);
      this.#enqueue({ read: make(), make, ending, resolve, reject, outdated: 0, hasWaited: false });
    });
  }

  /** The same for the reads of one snapshot. */
  within(reader: Reader): GroupedReads {
    return new GroupedReads(reader, this.#histories, this.#onValidated);
  }

  #enqueue(waiting: WaitingRead): void {
    try {
      waiting.ending.assertNone();
      const planned = this.#planned(waiting);
      const { sharing } = planned;
      const others = sharing === undefined ? undefined : this.#pieces.get(sharing);
      if (others !== undefined && !waiting.hasWaited) {
        others.push(Object.assign(waiting, { hasWaited: true }));
        this.#parked += 1;
        return;
      }
      if (sharing !== undefined && others === undefined) this.#pieces.set(sharing, []);
      this.#send(planned);
    } catch (error) {
      waiting.reject(error);
    }
  }

  /** Long reads are sent alone, and take the turns of their callers; the others wait for those they share a statement with. */
  #send(planned: Planned): void {
    if (planned.plan.isOfMany && !this.#reader.isOfOneSnapshot) void this.#readOfMany(planned);
    else if (isShort(planned.plan.piece)) {
      this.#waiting.push(planned);
      this.#schedule();
    } else void this.#answer([planned], planned.waiting.ending);
  }

  /** What many statements answer is read under one snapshot. */
  async #readOfMany(planned: Planned): Promise<void> {
    const { make, ending, resolve, reject } = planned.waiting;
    try {
      const inTurn = (reader: Reader) => this.within(reader).read(make, ending);
      resolve(await planned.reader.until(ending).underOneSnapshot(inTurn, true));
    } catch (error) {
      reject(error);
    } finally {
      this.#pieceIsRead(planned);
    }
  }

  #planned(waiting: WaitingRead): Planned {
    const reader = this.#reader.onPresentSource();
    const history = this.#histories.of(reader.source);
    const isTrusted = history.isOn && waiting.outdated < OUTDATED_MAX;
    const marks = isTrusted ? this.#marksOf(history) : { planned: undefined, newest: undefined };
    const plan = waiting.read.plan({ history, mark: marks.planned });
    const needsNone = plan.chunks.length === 0 && plan.spans.length === 0;
    const isPlain = !isTrusted || (needsNone && !history.isDue());
    const asking = `${history.id} ${isPlain} ${marks.planned?.id} ${marks.newest?.id}`;
    const sharing = sharingOf(plan, history);
    return { waiting, plan, reader, history, marks, isPlain, asking, window: windowOf(plan.piece), sharing };
  }

  /** Within one snapshot they stay what they were first: it does not know those that come meanwhile. */
  #marksOf(history: History): AskedMarks {
    if (!this.#reader.isOfOneSnapshot) return history.marks.asked;
    if (this.#ofSnapshot?.history !== history.id)
      this.#ofSnapshot = { history: history.id, marks: history.marks.asked };
    return this.#ofSnapshot.marks;
  }

  #schedule(): void {
    if (this.#scheduled || this.#next() === undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const next = this.#next();
      if (next !== undefined) void this.#run(this.#groupOf(next), laneOf(next));
      this.#schedule();
    });
  }

  /** Of the reads whose statements may run now the one that has waited longest. */
  #next(): Planned | undefined {
    return this.#waiting.find((planned) => this.#running[laneOf(planned)] < RUNNING_MAX[laneOf(planned)]);
  }

  /** A read, and those that can share its statement. */
  #groupOf(first: Planned): Planned[] {
    const chosen: Planned[] = [];
    const rest: Planned[] = [];
    let spans = 0;
    for (const planned of this.#waiting) {
      const fits = spans < SPANS_MAX && (laneOf(planned) === "validating" || chosen.length < PIECES_MAX);
      if (planned.asking === first.asking && planned.window === first.window && fits) {
        chosen.push(planned);
        spans += planned.plan.spans.length;
      } else rest.push(planned);
    }
    this.#waiting = rest;
    return chosen;
  }

  async #run(group: readonly Planned[], lane: Lane): Promise<void> {
    this.#running[lane] += 1;
    await this.#answer(group, endOfAll(group.map(({ waiting }) => waiting.ending)));
    this.#running[lane] -= 1;
    this.#schedule();
  }

  /** Asks one statement, and gives each read its answer. */
  async #answer(group: readonly Planned[], ending: Ending): Promise<void> {
    try {
      this.#settle(group, await this.#ask(group, ending));
    } catch (error) {
      for (const { waiting } of group) waiting.reject(error);
    } finally {
      for (const planned of group) this.#pieceIsRead(planned);
    }
  }

  async #ask(group: readonly Planned[], ending: Ending): Promise<Findings> {
    const [first] = group;
    const pieces = group.flatMap(({ plan }) => plan.piece ?? []);
    const spans = new Map(
      group.flatMap(({ plan }) => plan.spans.map((span): [string, VersionedSpan] => [span.key, span])),
    );
    if (first === undefined || (first.isPlain && pieces.length === 0)) return { bars: [], seen: undefined };
    const question: Question | undefined = first.isPlain
      ? undefined
      : { marks: first.marks, spans: [...spans.values()] };
    const reader = first.reader.until(ending);
    const startedMs = performance.now();
    const found = await reader.read((sql) => readPieces(sql, pieces, question));
    if (pieces.length === 0) this.#onValidated((performance.now() - startedMs) / 1000);
    return found;
  }

  #settle(group: readonly Planned[], { bars, seen }: Findings): void {
    const [first] = group;
    const keepUnder = seen && first?.history.marks.note(first.marks, seen);
    if (seen?.hasPlanned === false) this.#ofSnapshot = undefined;
    let place = 0;
    for (const planned of group) {
      const read = planned.plan.piece === undefined ? undefined : bars[place++];
      try {
        this.#give(planned, read, seen, keepUnder);
      } catch (error) {
        planned.waiting.reject(error);
      }
    }
  }

  #give(
    { waiting, plan, history, marks }: Planned,
    read: BarArrays | undefined,
    seen: Seen | undefined,
    keepUnder: Mark | undefined,
  ): void {
    const outdated = plan.chunks.filter((chunk) => !isAsItWas(chunk, seen));
    const isUsable = plan.chunks.length === 0 || seen?.hasPlanned === true;
    if (outdated.length > 0 || !isUsable) {
      for (const chunk of outdated) history.drop(chunk);
      waiting.outdated += 1;
      this.#enqueue(waiting);
      return;
    }
    const view = { history, mark: marks.planned };
    const done = waiting.read.take(view, { read, versions: seen?.versions ?? new Map(), keepUnder });
    if (done === undefined) {
      this.#enqueue(waiting);
      return;
    }
    history.countHits(plan.chunks);
    waiting.resolve(done);
  }

  #pieceIsRead({ sharing }: Planned): void {
    if (sharing === undefined) return;
    const others = this.#pieces.get(sharing) ?? [];
    this.#pieces.delete(sharing);
    this.#parked -= others.length;
    for (const waiting of others) this.#enqueue(waiting);
  }
}

/** Whether the database holds what a chunk does. */
function isAsItWas({ facts }: Chunk, seen: Seen | undefined): boolean {
  return facts.spans.map(({ key }) => seen?.versions.get(key)).join(" ") === facts.versions;
}

function laneOf({ window }: Planned): Lane {
  return window === undefined ? "validating" : "reading";
}

function isShort(piece: Piece | undefined): boolean {
  return piece === undefined || piece.toUs - piece.fromUs <= WINDOW_US[piece.interval];
}

function windowOf(piece: Piece | undefined): string | undefined {
  if (piece === undefined) return undefined;
  const { interval, withQuotes, order, fromUs } = piece;
  return `${interval} ${withQuotes} ${order} ${Math.floor(fromUs / WINDOW_US[interval])}`;
}

function sharingOf({ piece, spans, chunks }: ReadPlan, history: History): string | undefined {
  if (piece === undefined || spans.length === 0 || chunks.length > 0) return undefined;
  const { interval, withQuotes, symbol, order, fromUs, rowsMax } = piece;
  return `${history.id} ${interval} ${withQuotes} ${symbol} ${order} ${order === "asc" ? fromUs : ""} ${rowsMax}`;
}

/** Ends when all requests have: as long as one waits, the statement for all of them goes on. */
function endOfAll(endings: readonly Ending[]): Ending {
  const [only] = endings;
  if (endings.length === 1 && only !== undefined) return only;
  const all = new Ending();
  const spans = endings.flatMap((ending) => ending.spans);
  if (spans.length > 0) all.spans = spans;
  const look = () => {
    if (endings.every(({ reason }) => reason !== undefined)) all.end(new Error("all requests have ended"));
  };
  for (const ending of endings) ending.onEnd(look);
  look();
  return all;
}
