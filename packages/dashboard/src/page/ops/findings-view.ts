import { h, setAttribute, setText } from "../view/dom.js";
import type { Finding } from "./findings.js";

/** What is wrong, above everything else. */
export class FindingsView {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "findings-list" });
  readonly #fine = h("p", { class: "findings-fine" });
  readonly #status = h("p", { class: "hidden", role: "status" });
  #shown = "";

  constructor() {
    const title = h("h2", { class: "panel-title" }, "What is wrong");
    this.element = h("section", { class: "panel findings", "aria-label": "What is wrong" }, title, this.#fine);
    this.element.append(this.#list, this.#status);
  }

  /** @param isAllSeen whether the key shows everything that could be wrong */
  render(findings: readonly Finding[], isAllSeen: boolean): void {
    const shown = JSON.stringify([findings, isAllSeen]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const items = findings.map(({ tone, text }) =>
      h("li", { "data-tone": tone }, h("b", {}, tone === "bad" ? "Wrong" : "Look"), h("span", {}, text)),
    );
    this.#list.replaceChildren(...items);
    setAttribute(this.element, "data-tone", findings[0]?.tone ?? (isAllSeen ? "good" : "unknown"));
    const rest = isAllSeen ? "" : "Only what this key shows is known here, not the rest.";
    const fine = isAllSeen && findings.length === 0 ? "Nothing is wrong." : rest;
    this.#fine.hidden = fine === "";
    setText(this.#fine, fine);
    setText(this.#status, findings.length === 0 ? fine : `What is wrong: ${findings.length}. ${rest}`);
  }
}
