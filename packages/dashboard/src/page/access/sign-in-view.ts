import { byId, setText } from "../view/dom.js";

export interface SignInListener {
  /** A key was pasted. @returns what is wrong with it; undefined when it was taken */
  onKey(key: string): Promise<string | undefined>;
  onSignOut(): void;
}

/** The form that asks for a key, and the buttons in the header that open it and sign out. */
export class SignInView {
  // The page's own HTML says which elements these are.
  readonly #dialog = byId("sign-in") as HTMLDialogElement;
  readonly #input = byId("sign-in-key") as HTMLInputElement;
  readonly #submit = byId("sign-in-submit") as HTMLButtonElement;
  readonly #problem = byId("sign-in-problem");
  readonly #open = byId("sign-in-open");
  readonly #signOut = byId("sign-out");

  constructor(private readonly listener: SignInListener) {
    this.#open.addEventListener("click", () => this.ask(""));
    this.#signOut.addEventListener("click", () => listener.onSignOut());
    byId("sign-in-later").addEventListener("click", () => this.#dialog.close());
    byId("sign-in-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  /** @param isSignedIn whether this tab has a key */
  showSignOut(isSignedIn: boolean): void {
    this.#signOut.hidden = !isSignedIn;
  }

  /** Opens the form, and offers to open it again. @param problem why it opens, if there is more to say */
  ask(problem: string): void {
    this.#open.hidden = false;
    this.showSignOut(false);
    setText(this.#problem, problem);
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#input.focus();
  }

  async #send(): Promise<void> {
    this.#submit.disabled = true;
    setText(this.#problem, (await this.listener.onKey(this.#input.value.trim())) ?? "");
    this.#submit.disabled = false;
    this.#input.select();
  }
}
