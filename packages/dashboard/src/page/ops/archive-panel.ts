import { type ArchiveJson, type FxClient, ProblemError } from "@fx-ohlc/client";
import { AccessNote } from "../pages/access-note.js";
import { type Column, DataTable } from "../table/data-table.js";
import { h, setText } from "../view/dom.js";

/** Rows read at most: somebody who looks for one symbol among more asks the API. */
const SYMBOLS_MAX = 2_000;
const DATE = "2025-12-05".length;

const count = (number: number): string => number.toLocaleString("en");
const sizeText = (bytes: number): string =>
  `${(bytes / 1e6).toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;

/** The date of an end is that of the last day before it. */
function lastDay(end: string | null): string {
  return end === null ? "–" : new Date(Date.parse(end) - 1).toISOString().slice(0, DATE);
}

function daysColumn(name: "days" | "ticks" | "behind_days", label: string, title?: string): Column<ArchiveJson> {
  const tone = (row: ArchiveJson) => (name === "behind_days" && row.behind_days > 0 ? "warn" : undefined);
  const value = (row: ArchiveJson): number => row[name];
  return { name, label, startsDescending: true, cell: (row) => count(row[name]), value, tone, ...(title && { title }) };
}

const COLUMNS: readonly Column<ArchiveJson>[] = [
  { name: "symbol", label: "Symbol", cell: ({ symbol }) => symbol, value: ({ symbol }) => symbol },
  {
    name: "from",
    label: "First day",
    cell: ({ from }) => from?.slice(0, DATE) ?? "–",
    value: ({ from }) => from ?? "",
  },
  { name: "to", label: "Last day", cell: ({ to }) => lastDay(to), value: ({ to }) => to ?? "" },
  daysColumn("days", "Days", "UTC days with ticks that are in files"),
  daysColumn("ticks", "Ticks"),
  {
    name: "bytes",
    label: "Size",
    startsDescending: true,
    cell: ({ bytes }) => sizeText(bytes),
    value: ({ bytes }) => bytes,
  },
  daysColumn("behind_days", "Behind", "Days that have ended and are not in files as they are now"),
  {
    name: "dropped",
    label: "Dropped to",
    title: "Up to this day ticks are in files alone",
    startsDescending: true,
    cell: ({ dropped_to: to }) => lastDay(to),
    value: ({ dropped_to: to }) => to ?? "",
  },
];

/** What of the ticks is in the archive's files, by symbol: needs the scope `ops`. */
export class ArchivePanel {
  readonly element: HTMLElement;
  readonly #note: AccessNote;
  readonly #text = h("p", { class: "panel-message", role: "status" });
  readonly #table: DataTable<ArchiveJson>;

  constructor(
    private readonly client: FxClient,
    onSignIn: () => void,
  ) {
    this.#note = new AccessNote("The archive", "ops", onSignIn);
    this.#table = new DataTable({ name: "archive", label: "Archive", columns: COLUMNS, keyOf: ({ symbol }) => symbol });
    this.#table.element.hidden = true;
    const title = h("h2", { class: "panel-title" }, "Archive");
    this.element = h("section", { class: "panel", "aria-label": "Archive" }, title, this.#note.element, this.#text);
    this.element.append(this.#table.element);
  }

  async read(): Promise<void> {
    try {
      const rows: ArchiveJson[] = [];
      for await (const row of this.client.archive()) if (rows.push(row) >= SYMBOLS_MAX) break;
      this.#note.show(undefined);
      this.#show(rows);
    } catch (error) {
      // A query service of an older version has no such address.
      this.element.hidden = error instanceof ProblemError && error.status === 404;
      this.#table.element.hidden = true;
      setText(this.#text, "");
      this.#note.show(error);
    }
  }

  #show(rows: readonly ArchiveJson[]): void {
    this.#table.element.hidden = rows.length === 0;
    this.#table.show(rows);
    setText(this.#text, rows.length === 0 ? "No day of ticks is archived." : summaryOf(rows));
  }
}

/** `2 symbols, 12 days in 3.4 MB, 2 days behind. Up to 2026-11-20 ticks are in files alone.` */
export function summaryOf(rows: readonly ArchiveJson[]): string {
  const sum = (field: "days" | "bytes" | "behind_days") => rows.reduce((total, row) => total + row[field], 0);
  const [days, behind] = [sum("days"), sum("behind_days")];
  const dropped = rows.flatMap(({ dropped_to: to }) => to ?? []).sort();
  const few = rows.length < SYMBOLS_MAX ? "" : "the first ";
  const noun = (number: number, what: string) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;
  const held = `Of ${few}${noun(rows.length, "symbol")}: ${noun(days, "day")} in ${sizeText(sum("bytes"))}`;
  const late = behind === 0 ? "nothing behind" : `${noun(behind, "day")} behind`;
  const alone = dropped.length === 0 ? "" : ` Up to ${lastDay(dropped.at(-1) ?? null)} ticks are in files alone.`;
  return `${held}, ${late}.${alone}`;
}
