import type { Micros, StoredInterval } from "@fx-ohlc/schemas";

/** What a database says is closed: the bars of each stored interval that start before an instant. */
export interface Mark {
  /** A number that no other mark has, in decimal. */
  readonly id: string;
  readonly closedTo: Readonly<Record<StoredInterval, Micros>>;
}

/** What one statement has seen of a database's marks. */
export interface Sighting {
  readonly present: Mark;
  /** Whether the mark that the statement was planned by is among the database's. */
  readonly hasPlanned: boolean;
  /** Whether the newest mark that was known then is. */
  readonly hasNewest: boolean;
}

/** The marks a statement is asked about. */
export interface AskedMarks {
  /** By which it was planned what of the chunks may be used; undefined when nothing was known. */
  readonly planned: Mark | undefined;
  readonly newest: Mark | undefined;
}

/** Some days of them; the database forgets its own after that time. */
const KNOWN_MAX = 5000;

function isLater(a: Mark, b: Mark): boolean {
  const levels = ["minute", "hour", "day"] as const;
  const isNone = levels.some((level) => a.closedTo[level] < b.closedTo[level]);
  return !isNone && levels.some((level) => a.closedTo[level] > b.closedTo[level]);
}

/**
 * The marks of one database that this process has seen, each in a snapshot that held the one before it: they are of one history,
 * and a snapshot that holds one of them has come by all before it. That is what makes chunks of one snapshot good for another.
 *
 * What is planned goes by the *believed* mark: the newest, or an older one where a standby that lags answered last. A snapshot that
 * holds neither the believed mark nor any other known one, or is later than the newest without holding it, is of another history
 * (a database put back to an earlier moment, a standby that took over without the last commits): everything is forgotten.
 */
export class Marks {
  #known = new Map<string, Mark>();
  #believed: Mark | undefined;
  #newest: Mark | undefined;

  /** @param onReset called when nothing that was known counts any more */
  constructor(private readonly onReset: () => void) {}

  /** What the next statement is planned by and asked about. */
  get asked(): AskedMarks {
    return { planned: this.#believed, newest: this.#newest };
  }

  /**
   * Takes note of what a statement has seen.
   *
   * @returns the mark under which bars of its snapshot may be kept; undefined when they may not
   */
  note({ planned, newest }: AskedMarks, seen: Sighting): Mark | undefined {
    if (planned === undefined) return this.#newest === undefined ? this.#begin(seen.present) : undefined;
    // Everything was forgotten meanwhile.
    if (this.#known.get(planned.id) !== planned) return undefined;
    if (seen.hasPlanned) return this.#goOn(planned, newest, seen);
    const known = this.#known.get(seen.present.id) ?? (seen.hasNewest ? newest : undefined);
    if (known === undefined) this.#begin(seen.present);
    else this.#believed = known;
    return undefined;
  }

  #goOn(planned: Mark, newest: Mark | undefined, { present, hasNewest }: Sighting): Mark {
    const known = this.#known.get(present.id);
    if (known !== undefined) {
      if (this.#believed === planned) this.#believed = known;
      return planned;
    }
    // Another statement has gone on meanwhile, or a standby is at a mark that nobody has seen.
    if (newest === undefined || newest !== this.#newest || !isLater(present, newest)) return planned;
    return hasNewest ? this.#adopt(present) : this.#begin(present);
  }

  #begin(mark: Mark): Mark {
    this.#known.clear();
    this.onReset();
    return this.#adopt(mark);
  }

  #adopt(mark: Mark): Mark {
    this.#known.set(mark.id, mark);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
    this.#newest = mark;
    this.#believed = mark;
    return mark;
  }
}
