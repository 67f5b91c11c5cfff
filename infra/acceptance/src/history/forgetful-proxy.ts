import { createServer, type Server } from "node:http";

interface Kept {
  readonly untilMs: number;
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
    private readonly keepMs: number,
  ) {
    this.#server = createServer(async (req, res) => {
      const { status, headers, body } = await this.#answer(req.url ?? "/");
      res.writeHead(status, headers).end(body);
    });
  }

  static async open(target: string, keepMs: number): Promise<ForgetfulProxy> {
    const proxy = new ForgetfulProxy(target, keepMs);
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
    if (kept !== undefined && performance.now() < kept.untilMs) return kept;
    const answer = await fetch(`${this.target}${path}`);
    const link = answer.headers.get("link");
    const fresh = {
      untilMs: performance.now() + this.keepMs,
      status: answer.status,
      headers: link === null ? {} : { link },
      body: await answer.text(),
    };
    this.#kept.set(path, fresh);
    return fresh;
  }
}
