/** Says who calls: an API key (`fxk_…`) or a JWT, or a function that gives one. */
export type TokenSource = string | (() => string | Promise<string>);

/** Visible ASCII. Nothing else can be sent, and fetch would print the whole of it in its error. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * The token of a client. A function is asked when a token is first needed, and once more each time the server has refused what
 * it gave; in between its answer is kept, however many requests are under way.
 */
export class Token {
  readonly #source: TokenSource | undefined;
  #kept: Promise<string> | undefined;

  constructor(source: TokenSource | undefined) {
    this.#source = source;
  }

  /**
   * @returns undefined for a client without one
   * @throws Error what the function throws, or that its answer cannot be a token
   */
  async current(): Promise<string | undefined> {
    if (this.#source === undefined) return undefined;
    if (this.#kept === undefined) {
      const asked = this.#ask(this.#source);
      this.#kept = asked;
      // What failed is not kept: the next request asks again.
      asked.catch(() => this.#forget(asked));
    }
    return this.#kept;
  }

  /**
   * The server has refused a token.
   *
   * @returns whether there is another one now
   */
  async renew(refused: string | undefined): Promise<boolean> {
    if (typeof this.#source !== "function") return false;
    const kept = this.#kept;
    // Another request may have had it refused, and renewed, before.
    if (kept !== undefined && (await kept) === refused) this.#forget(kept);
    return (await this.current()) !== refused;
  }

  #forget(kept: Promise<string>): void {
    if (this.#kept === kept) this.#kept = undefined;
  }

  async #ask(source: TokenSource): Promise<string> {
    const token = typeof source === "function" ? await source() : source;
    if (TOKEN.test(token)) return token;
    throw new Error("the token is empty, or holds a space, a line end or another character that no token has");
  }
}
