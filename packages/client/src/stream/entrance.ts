import type { TicketJson } from "@fx-ohlc/schemas";
import { ForbiddenError, type ProblemError, UnauthorizedError } from "../errors.js";
import type { Http } from "../http.js";
import type { WebSocketLike } from "./socket.js";

/** Opens a WebSocket; where the platform lets it, the upgrade carries the token. */
export type Dial = (url: string, token: string | undefined) => WebSocketLike;

export interface EntranceOptions {
  /** The address of `/ws`. */
  readonly url: string;
  readonly http: Http;
  readonly dial: Dial;
  /** The platform's sockets carry no token: each connection is let in by a ticket instead, which the token buys. */
  readonly needsTicket: boolean;
}

/** How a stream gets in, again for each of its connections, and what it was when it does not. */
export class Entrance {
  readonly #options: EntranceOptions;
  /** What was shown last. */
  #token: string | undefined;

  constructor(options: EntranceOptions) {
    this.#options = options;
  }

  /** @throws ProblemError when there is no ticket to be had, UnreachableError when nobody sells it, or what a token function throws */
  async open(signal: AbortSignal): Promise<WebSocketLike> {
    const { url, http, dial, needsTicket } = this.#options;
    this.#token = await http.token.current();
    if (!needsTicket || this.#token === undefined) return dial(url, this.#token);
    const { body } = await http.send({ method: "POST", path: "/tickets", signal });
    // The contract's own answer.
    const { ticket } = body as TicketJson;
    return dial(`${url}?ticket=${encodeURIComponent(ticket)}`, undefined);
  }

  /** After the token was refused: whether there is another one to come back with. */
  async renew(): Promise<boolean> {
    return this.#options.http.token.renew(this.#token);
  }

  /**
   * Asks over HTTP why an upgrade was refused: browsers do not tell.
   *
   * @returns undefined when it was not for the token's sake
   */
  async refusal(signal: AbortSignal): Promise<ProblemError | undefined> {
    const { http, needsTicket } = this.#options;
    if (!needsTicket) return undefined;
    try {
      await http.send({ method: "GET", path: "/ws", isOnce: true, signal });
      return undefined;
    } catch (error) {
      return isRefusal(error) ? error : undefined;
    }
  }
}

/** The token is at fault: the same one is refused again. */
export function isRefusal(error: unknown): error is ProblemError {
  return error instanceof UnauthorizedError || error instanceof ForbiddenError;
}
