import type { PageName } from "../pages/page-name.js";
import { byId } from "../view/dom.js";
import type { KeysDialog } from "./keys-dialog.js";
import { Shortcuts } from "./shortcuts.js";

/** What keys do to the page. */
export interface PageActions {
  go(page: PageName): void;
  /** To the watchlist's filter. */
  filter(): void;
  /** To the symbol so many rows further in the watchlist. */
  step(by: -1 | 1): void;
}

/** The keys that work everywhere, and the dialog that lists them all. */
export class PageKeys {
  readonly #shortcuts;
  #dialog: KeysDialog | undefined;

  constructor({ go, filter, step }: PageActions) {
    this.#shortcuts = new Shortcuts({
      "?": () => void this.#show(),
      "/": filter,
      c: () => go("chart"),
      q: () => go("quality"),
      o: () => go("ops"),
      t: () => byId("theme").click(),
      "[": () => step(-1),
      "]": () => step(1),
    });
    byId("keys").addEventListener("click", () => void this.#show());
  }

  async #show(): Promise<void> {
    const { KeysDialog } = await import("./keys-dialog.js");
    this.#dialog ??= new KeysDialog(this.#shortcuts);
    this.#dialog.open();
  }
}
