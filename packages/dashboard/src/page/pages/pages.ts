import { byId, h, setAttribute } from "../view/dom.js";
import type { View } from "../view.js";
import { PAGE_NAMES, type PageName } from "./page-name.js";
import type { PageContext, PageView } from "./page-view.js";

/** The views beside the chart are loaded when they are first wanted. */
const LOADERS = {
  quality: async (context: PageContext): Promise<PageView> =>
    new (await import("../quality/quality-page.js")).QualityPage(context),
  ops: async (context: PageContext): Promise<PageView> => new (await import("../ops/ops-page.js")).OpsPage(context),
} satisfies Record<Exclude<PageName, "chart">, unknown>;

/** Shows the chart's desk or one of the views beside it, and the ways from one to the other. */
export class Pages {
  readonly #desk = byId("desk");
  readonly #main = h("main", { class: "page", id: "page", tabindex: -1, hidden: true });
  readonly #links: readonly HTMLButtonElement[];
  readonly #pages = new Map<PageName, Promise<PageView>>();
  #shown: PageView | undefined;
  #wanted: View | undefined;

  constructor(private readonly context: PageContext) {
    this.#desk.after(this.#main);
    const tabs = byId("tabs");
    this.#links = [byId("views"), tabs].flatMap((nav) => [
      ...nav.querySelectorAll<HTMLButtonElement>("button[data-page]"),
    ]);
    for (const link of this.#links) link.addEventListener("click", () => this.#choose(pageOf(link)));
    // The panes of the desk bring back the desk.
    tabs.addEventListener("click", ({ target }) => {
      if (target instanceof HTMLElement && target.dataset.pane !== undefined) this.#choose("chart");
    });
    this.#main.addEventListener("click", (event) => this.#onLink(event));
  }

  show(view: View): void {
    const { page } = view;
    const isOther = page !== this.#wanted?.page;
    this.#wanted = view;
    this.#desk.hidden = page !== "chart";
    this.#main.hidden = page === "chart";
    setAttribute(document.body, "data-page", page);
    for (const link of this.#links) {
      if (link.dataset.page === page) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#showPane(page === "chart" ? document.body.dataset.pane : undefined);
    if (isOther) this.#leave();
    if (page !== "chart") void this.#open(page);
  }

  /** Marks the pane of the desk that a phone shows; none while there is another page. */
  #showPane(pane: string | undefined): void {
    for (const button of byId("tabs").querySelectorAll<HTMLButtonElement>("button[data-pane]")) {
      if (button.dataset.pane === pane) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  #choose(page: PageName): void {
    if (page !== this.#wanted?.page) this.context.change({ page });
  }

  /** What leads to another view of this page needs no new page; in a tab of its own it is one. */
  #onLink(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (link === null || !isPlain || link.pathname !== location.pathname || link.origin !== location.origin) return;
    event.preventDefault();
    this.context.open(link.href);
  }

  #leave(): void {
    this.#shown?.hide();
    this.#shown = undefined;
    this.#main.replaceChildren();
  }

  async #open(name: Exclude<PageName, "chart">): Promise<void> {
    const loaded = this.#pages.get(name) ?? LOADERS[name](this.context);
    this.#pages.set(name, loaded);
    try {
      const page = await loaded;
      if (this.#wanted?.page !== name) return;
      if (this.#shown !== page) this.#main.replaceChildren(page.element);
      this.#shown = page;
      page.show(this.#wanted);
    } catch (error) {
      this.#pages.delete(name);
      if (this.#wanted?.page === name) this.#showFailure(error);
    }
  }

  /** A file that a newer version no longer has, or no connection. */
  #showFailure(error: unknown): void {
    const text = `This view could not be loaded: ${error instanceof Error ? error.message : String(error)}.`;
    const again = h("button", { type: "button", class: "button" }, "Load the page again");
    again.addEventListener("click", () => location.reload());
    this.#main.replaceChildren(h("p", { class: "page-note", role: "alert" }, text, " ", again));
  }
}

/** The page that a button of the page's own HTML leads to. */
function pageOf({ dataset }: HTMLElement): PageName {
  return PAGE_NAMES.find((name) => name === dataset.page) ?? "chart";
}
