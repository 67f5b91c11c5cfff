import "../styles/ops.css";
import { ForbiddenError, UnauthorizedError } from "@fx-ohlc/client";
import { secondText } from "../format/time.js";
import { AccessNote } from "../pages/access-note.js";
import type { PageContext, PageView } from "../pages/page-view.js";
import { revisionsTable } from "../revisions/revisions-table.js";
import { h, setText } from "../view/dom.js";
import { ArchivePanel } from "./archive-panel.js";
import { feedsTable, worstFirst } from "./feeds-table.js";
import { findingsOf } from "./findings.js";
import { FindingsView } from "./findings-view.js";
import { OpsSource } from "./ops-source.js";
import type { OpsState } from "./ops-state.js";
import { readRecentRevisions } from "./recent-revisions.js";
import { TilesView } from "./tiles.js";

const READ_EVERY_MS = 5_000;
/** Revisions take a request for each symbol, and days are archived once each. */
const SLOW_EVERY_MS = 60_000;

/** How the system is, what is wrong with it first. */
export class OpsPage implements PageView {
  readonly element = h("div", { class: "page-inner ops" });
  readonly #source: OpsSource;
  readonly #readAt = h("span", { class: "panel-note" });
  readonly #findings = new FindingsView();
  readonly #tiles = new TilesView();
  readonly #feeds = feedsTable();
  readonly #archive: ArchivePanel;
  readonly #revisions;
  readonly #noFeeds = h("p", { class: "panel-message" });
  readonly #revisionsText = h("p", { class: "panel-message", role: "status" });
  readonly #opsNote: AccessNote;
  readonly #feedsNote: AccessNote;
  readonly #revisionsNote: AccessNote;
  #timer: number | undefined;
  #slowReadAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly context: PageContext) {
    const { client, reader, signIn } = context;
    this.#source = new OpsSource(client, reader);
    this.#archive = new ArchivePanel(client, signIn);
    this.#revisions = revisionsTable("revisions", "Last revisions", context.chartAddress);
    // Until they are read, heads without rows would say that there are none.
    this.#revisions.element.hidden = true;
    this.#opsNote = new AccessNote("Feeds, rates, backlog, publish buffer and connections", "ops", signIn);
    this.#feedsNote = new AccessNote("Feeds", "ops", signIn);
    this.#revisionsNote = new AccessNote("Revisions", "read", signIn);
    this.element.append(
      h("h1", { class: "page-title" }, "Operations", this.#readAt),
      this.#opsNote.element,
      this.#findings.element,
      this.#tiles.element,
      panel("Feeds", this.#feedsNote.element, this.#noFeeds, this.#feeds.element),
      this.#archive.element,
      panel("Revisions of the last day", this.#revisionsNote.element, this.#revisionsText, this.#revisions.element),
    );
  }

  show(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.#read(), READ_EVERY_MS);
    void this.#read();
  }

  hide(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #read(): Promise<void> {
    if (document.hidden) return;
    if (performance.now() - this.#slowReadAtMs > SLOW_EVERY_MS) {
      this.#slowReadAtMs = performance.now();
      void this.#archive.read();
      void this.#readRevisions();
    }
    const state = await this.#source.read();
    if (this.#timer !== undefined) this.#render(state);
  }

  #render(state: OpsState): void {
    const nowMs = this.context.nowMs();
    const { feeds, stats, ingest } = state;
    const refused = [feeds, stats, ingest].map((reading) => reading?.error).find(isRefusal);
    setText(this.#readAt, `as of ${secondText(nowMs / 1_000)} UTC`);
    this.#opsNote.show(refused);
    this.#feedsNote.show(refused === undefined ? feeds?.error : undefined);
    this.#findings.render(findingsOf(state, nowMs), refused === undefined);
    this.#tiles.render(state);
    this.#feeds.element.hidden = (feeds?.value ?? []).length === 0;
    this.#feeds.show(worstFirst(feeds?.value ?? []).map((feed) => ({ feed, atMs: nowMs })));
    setText(this.#noFeeds, feeds?.value?.length === 0 ? "No producer has named itself (X-Feed) yet." : "");
  }

  async #readRevisions(): Promise<void> {
    try {
      const { rows, symbols, left } = await readRecentRevisions(this.context.client, this.context.nowMs());
      const rest = left > 0 ? ` Of ${symbols} symbols; ${left.toLocaleString("en")} more are not looked at here.` : "";
      setText(this.#revisionsText, (rows.length === 0 ? "Nothing was corrected or came late." : "") + rest);
      this.#revisions.element.hidden = rows.length === 0;
      this.#revisions.show(rows);
      this.#revisionsNote.show(undefined);
    } catch (error) {
      this.#revisions.element.hidden = true;
      this.#revisionsNote.show(error);
    }
  }
}

function panel(title: string, ...children: readonly HTMLElement[]): HTMLElement {
  return h("section", { class: "panel", "aria-label": title }, h("h2", { class: "panel-title" }, title), ...children);
}

function isRefusal(error: unknown): boolean {
  return error instanceof ForbiddenError || error instanceof UnauthorizedError;
}
