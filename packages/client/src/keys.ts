import type { CallOptions, Http } from "./http.js";
import { pagedRows } from "./paging.js";
import type { ApiKey, CreatedKey, KeyChanges, NewKey } from "./types.js";

/** The API keys of a system; all of it needs the scope `admin`. Every service knows of a change within five seconds. */
export class Keys {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /**
   * Makes a key. Its token is in the answer and nowhere else: it cannot be shown again. The request is not repeated, for that
   * might make another key.
   */
  async create(key: NewKey, options: CallOptions = {}): Promise<CreatedKey> {
    const call = { method: "POST", path: "/keys", ...json(key), isOnce: true, ...options } as const;
    return (await this.#http.send(call)).body as CreatedKey;
  }

  /** Every key there is, without its token. */
  async list(options: CallOptions = {}): Promise<ApiKey[]> {
    const keys: ApiKey[] = [];
    for await (const key of pagedRows<ApiKey>(this.#http, { method: "GET", path: "/keys", ...options })) keys.push(key);
    return keys;
  }

  /** Changes what a key may do, or until when; what is not named stays. */
  async update(id: string, changes: KeyChanges, options: CallOptions = {}): Promise<ApiKey> {
    const call = { method: "PATCH", path: `/keys/${encodeURIComponent(id)}`, ...json(changes), ...options } as const;
    return (await this.#http.send(call)).body as ApiKey;
  }

  /** Ends a key: it is refused from now on, and its sockets are closed. */
  async revoke(id: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({ method: "DELETE", path: `/keys/${encodeURIComponent(id)}`, ...options });
  }

  /** Ends every JWT of a subject that has been issued by now. */
  async revokeJwt(subject: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({ method: "DELETE", path: `/keys/jwt/${encodeURIComponent(subject)}`, ...options });
  }
}

function json(value: object): { body: string; contentType: string } {
  return { body: JSON.stringify(value), contentType: "application/json" };
}
