import { UnauthorizedError } from "@fx-ohlc/client";
import { failureOf } from "../bars/read-state.js";
import { h, setText } from "../view/dom.js";

/** Says in its place what could not be read, and which key would open it. */
export class AccessNote {
  readonly element: HTMLElement;
  readonly #text = h("span");
  readonly #signIn = h("button", { type: "button", class: "button" }, "Sign in");

  /** @param what is not shown, as the subject of a sentence: `Feeds` */
  constructor(
    private readonly what: string,
    private readonly scope: string,
    onSignIn: () => void,
  ) {
    this.element = h("p", { class: "page-note", role: "status", hidden: true }, this.#text, " ", this.#signIn);
    this.#signIn.addEventListener("click", onSignIn);
  }

  /** @param error of the latest reading; undefined after one that went well */
  show(error: unknown): void {
    this.element.hidden = error === undefined;
    if (error === undefined) return;
    const { status, error: reason = "" } = failureOf(error);
    const isForbidden = status === "forbidden";
    this.#signIn.hidden = !isForbidden;
    setText(this.#signIn, error instanceof UnauthorizedError ? "Sign in" : "Sign in with another key");
    setText(this.#text, isForbidden ? this.#forbidden(error, reason) : `${this.what}: ${reason}`);
  }

  #forbidden(error: unknown, reason: string): string {
    if (error instanceof UnauthorizedError) return `${this.what}: a key with the scope “${this.scope}” shows this.`;
    return `${this.what}: this key does not show it. It needs the scope “${this.scope}”. The server says: ${reason}`;
  }
}
