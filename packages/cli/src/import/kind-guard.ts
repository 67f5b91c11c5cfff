import { type FxClient, ProblemError, sleep } from "@fx-ohlc/client";
import { formatTime } from "@fx-ohlc/schemas";
import { counted, type Terminal } from "../terminal.js";
import { BesidePlaces } from "./beside-places.js";
import type { TickKind } from "./chunk-rows.js";
import type { Chunk } from "./chunks.js";
import { deleteKind } from "./delete-kind.js";
import type { FileRange, FileTicks } from "./file-ranges.js";
import { besideOthers, misnumbered } from "./renumbered.js";
import { UNASKABLE } from "./resume.js";
import { otherKind, StoredKinds } from "./stored-kinds.js";

/** What to do where a symbol's range holds prices and quotes are to be stored, or the other way round. */
export type OtherKind = "stop" | "beside" | "replace";

export interface KindGuardOptions {
  readonly client: FxClient;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly otherKind: OtherKind;
  /** The one that all ticks are stored as, where that was said. */
  readonly symbol: string | undefined;
  /** Undefined with a pipe among the files, which cannot be read twice. */
  readonly filesAgain: FilesAgain | undefined;
}

/** What the files hold, for which all of them are read. */
export interface FilesAgain {
  ranges(): Promise<readonly FileRange[]>;
  /** At some times of a symbol. */
  ticksAt(symbol: string, times: ReadonlySet<string>): Promise<ReadonlyMap<string, FileTicks>>;
}

/** Ticks of the past are in bars within seconds: beyond this something else is wrong. */
const SETTLED_WITHIN_MS = 10_000;
const POLL_INTERVAL_MS = 200;
/** More conflicts than a person reads. */
const NAMED_MAX = 4;

/** A range that holds ticks of the other kind than the files do. */
interface Conflict extends FileRange {
  readonly kind: TickKind;
  readonly others: number;
}

/**
 * Keeps prices and quotes of one symbol and range apart. It looks before the first chunk is sent. Of files it knows all ranges
 * then; of a pipe each symbol as it comes, whatever the times.
 */
export class KindGuard {
  readonly #stored: StoredKinds;
  readonly #besides: BesidePlaces;
  /** Of a pipe: symbols that were looked at. */
  readonly #admitted = new Set<string>();
  #isDone: boolean;
  #isSettled = false;

  constructor(private readonly options: KindGuardOptions) {
    const { client, signal, terminal, otherKind } = options;
    this.#stored = new StoredKinds(client, signal);
    this.#besides = new BesidePlaces(client, signal, () =>
      terminal.say("what is stored cannot be asked: ticks beside others keep the numbers of the column seq"),
    );
    this.#isDone = otherKind === "beside";
  }

  /** Gives the chunks on, none before it may be sent. @throws Error that says what the service holds, and what to do */
  async *admit(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of chunks) {
      if (!this.#isDone) await this.#orUnasked(() => this.#look(chunk));
      yield this.options.otherKind === "beside" ? await this.#besides.placed(chunk) : chunk;
    }
  }

  async #look(chunk: Chunk): Promise<void> {
    const { filesAgain } = this.options;
    if (filesAgain === undefined) return this.#lookAtPipe(chunk);
    this.#isDone = true;
    if (await this.#isRuledOut(chunk)) return;
    const conflicts: Conflict[] = [];
    for (const range of await filesAgain.ranges()) conflicts.push(...(await this.#conflictOf(range)));
    if (this.options.otherKind === "replace") await this.#replace(conflicts, filesAgain);
    else if (conflicts.length > 0) throw new Error(sentence(conflicts));
  }

  /** Whether nothing in the files can be of another kind than what is stored: they need not be read through then. */
  async #isRuledOut({ symbols, kind }: Chunk): Promise<boolean> {
    if (this.options.symbol === undefined) return (await this.#stored.symbols()).length === 0;
    for (const symbol of symbols) if (kind !== undefined && (await this.#holds(symbol, otherKind(kind)))) return false;
    return true;
  }

  async #holds(symbol: string, kind: TickKind): Promise<boolean> {
    const [stored] = await this.#stored.symbols(symbol);
    if (stored === undefined) return false;
    await this.#settled();
    return this.#stored.holds(stored, kind);
  }

  async #conflictOf(range: FileRange): Promise<Conflict[]> {
    const { kind, symbol } = range;
    // Files that hold both were exported so.
    if (kind === undefined || (await this.#stored.symbols(symbol)).length === 0) return [];
    await this.#settled();
    const others = (await this.#stored.count(range))[otherKind(kind)];
    return others === 0 ? [] : [{ ...range, kind, others }];
  }

  async #replace(conflicts: readonly Conflict[], files: FilesAgain): Promise<void> {
    const { client, signal, terminal } = this.options;
    for (const conflict of conflicts) {
      // Before the others: whoever runs an interrupted import again finds those, and so what is left to do.
      if (conflict.hasSeq) await this.#makeRoom(conflict, files);
      const deleted = await deleteKind(client, conflict, otherKind(conflict.kind), signal);
      terminal.say(`deleted ${othersOf({ ...conflict, others: deleted })}`);
    }
  }

  /** Deletes what the files store anew under their own numbers. */
  async #makeRoom(conflict: Conflict, files: FilesAgain): Promise<void> {
    const { client, signal, terminal } = this.options;
    const { symbol, kind } = conflict;
    const beside = await besideOthers(client, conflict, signal);
    if (beside.size === 0) return;
    const sent = await files.ticksAt(symbol, new Set(beside.keys()));
    const moved = [...beside].flatMap(([time, stored]) => misnumbered(stored, sent.get(time) ?? []));
    for (const { time, seq } of moved) await client.deleteTick({ symbol, time, seq, signal });
    if (moved.length > 0) terminal.say(`${counted(moved.length, kind)} beside them: to be numbered as the files say`);
  }

  async #lookAtPipe({ symbols, kind }: Chunk): Promise<void> {
    for (const symbol of symbols) {
      if (this.#admitted.has(symbol)) continue;
      this.#admitted.add(symbol);
      if (kind === undefined || !(await this.#holds(symbol, otherKind(kind)))) continue;
      const others = otherKind(kind);
      throw new Error(
        `${symbol} holds ${others}s where ${kind}s were to be stored, and of a pipe it is not known from when to when: ` +
          `add --beside, or name a file`,
      );
    }
  }

  /** Waits until the bars, which the ticks are counted by, hold ticks of the past. */
  async #settled(): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const { client, signal } = this.options;
    for (let waitedMs = 0; waitedMs < SETTLED_WITHIN_MS; waitedMs += POLL_INTERVAL_MS) {
      const health = await client.health({ signal }).catch(() => undefined);
      if (typeof health?.refresh_backlog_windows !== "number" || health.refresh_backlog_windows === 0) return;
      await sleep(POLL_INTERVAL_MS, signal);
    }
  }

  /** The write side alone cannot be asked what it holds, nor by a token that may only write. */
  async #orUnasked(look: () => Promise<void>): Promise<void> {
    try {
      await look();
    } catch (error) {
      if (!(error instanceof ProblemError && UNASKABLE.has(error.status))) throw error;
      if (this.options.otherKind === "replace") throw error;
      this.#isDone = true;
      const { terminal } = this.options;
      if (error.status === 403) terminal.say("the token may not read: prices and quotes may come to lie side by side");
    }
  }
}

/** `3 prices of EURUSD from … to …`. */
function othersOf({ symbol, fromUs, toUs, kind, others }: Conflict): string {
  return `${counted(others, otherKind(kind))} of ${symbol} from ${formatTime(fromUs)} to ${formatTime(toUs - 1)}`;
}

function sentence(conflicts: readonly Conflict[]): string {
  const named = conflicts.slice(0, NAMED_MAX).map(othersOf).join(", ");
  const more = conflicts.length > NAMED_MAX ? ` and more of ${conflicts.length - NAMED_MAX} other symbols` : "";
  const kinds = `${[...new Set(conflicts.map(({ kind }) => kind))].join("s and ")}s`;
  return (
    `${named}${more} are stored where ${kinds} were to be: ` +
    "add --beside to store these beside them, or --replace to delete those first"
  );
}
