import { createServer, type Server } from "node:http";

interface Kept {
  /** How often it is still given. */
  left: number;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A server in front of a replica that answers what was asked lately from memory, without asking again: what must be found. */
export class ForgetfulProxy {
  readonly #kept = new Map<string, Kept>();
  readonly #server: Server;

  private constructor(
    private readonly target: string,
    private readonly again: number,
  ) {
    this.#server = createServer(async (req, res) => {
      const { status, headers, body } = await this.#answer(req.url ?? "/");
      res.writeHead(status, headers).end(body);
    });
  }

  /** @param again so often an answer is repeated: by their number, which a busy machine does not change, and not by time */
  static async open(target: string, again: number): Promise<ForgetfulProxy> {
    const proxy = new ForgetfulProxy(target, again);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(path: string): Promise<Kept> {
    const kept = this.#kept.get(path);
    if (kept !== undefined && kept.left > 0) {
      kept.left -= 1;
      return kept;
    }
    const answer = await fetch(`${this.target}${path}`);
    const link = answer.headers.get("link");
    const fresh = {
      left: this.again,
      status: answer.status,
      headers: link === null ? {} : { link },
      body: await answer.text(),
    };
    this.#kept.set(path, fresh);
    return fresh;
  }
}
