import { FxClient, UnauthorizedError } from "@fx-ohlc/client";
import { API } from "../api.js";
import { forgetKey, keepKey, keptKey } from "./kept-key.js";
import { SignInView } from "./sign-in-view.js";

/** Somebody waits for the answer: a service that is away is told of soon. */
const TRY_RETRY = { attemptsMax: 2 };

/**
 * Knows this tab's key, and asks for one when the server wants it. What a key opens is read anew with it: signing in and out
 * loads the page again.
 */
export class Gate {
  /** This tab's key; undefined for a system that has asked for none. */
  readonly key = keptKey();
  readonly #view: SignInView;
  #hasAsked = false;

  constructor() {
    this.#view = new SignInView({ onKey: (key) => tryKey(key), onSignOut: signOut });
    this.#view.showSignOut(this.key !== undefined);
  }

  /** Stands in for fetch: it hears when a key is wanted. */
  readonly fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (response.status === 401) this.onUnauthorized();
    return response;
  };

  /** Somebody wants to show a key, or another one. */
  signIn(): void {
    this.#view.ask("");
    // The key of this tab is as good as it was.
    this.#view.showSignOut(this.key !== undefined);
  }

  /** The server has refused the key, or wants one. Who does not want to sign in is asked once. */
  onUnauthorized(): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    forgetKey();
    this.#view.ask(
      this.key === undefined ? "" : "The key of this tab is no longer taken: it has ended or was revoked.",
    );
  }
}

/** Signs in with a key that the server takes. @returns what is wrong with another one */
async function tryKey(key: string): Promise<string | undefined> {
  try {
    await new FxClient({ url: API, token: key, retry: TRY_RETRY }).ticket();
  } catch (error) {
    if (error instanceof UnauthorizedError) return "The server does not take this key: is it whole, and still good?";
    return `The key could not be tried: ${error instanceof Error ? error.message : String(error)}`;
  }
  keepKey(key);
  location.reload();
  return undefined;
}

function signOut(): void {
  forgetKey();
  location.reload();
}
