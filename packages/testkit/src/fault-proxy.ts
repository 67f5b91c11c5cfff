import { once } from "node:events";
import { createServer, type Server, Socket } from "node:net";

/** A TCP proxy in front of a server, with the faults of a network. */
export interface FaultProxy {
  /** The target's URL with the proxy's address in place of the target's. */
  readonly url: string;
  readonly port: number;
  /** Forwards everything, also what waited during a freeze. The state at the start. */
  pass(): Promise<void>;
  /** Resets all connections and refuses new ones, like a server that was stopped. */
  refuse(): Promise<void>;
  /** Keeps connections open and accepts new ones, but forwards nothing, like a frozen server or a silent network. */
  freeze(): void;
  /** Resets all connections; new ones are treated as before. */
  cut(): void;
  /** How many connections are open now. */
  readonly connections: number;
  /** Resets all connections and ends the proxy. */
  close(): Promise<void>;
}

/**
 * Starts a proxy on a free port of 127.0.0.1.
 *
 * @param target a URL (`postgres://…`, `redis://…`, `http://…`) with an explicit port.
 */
export async function faultProxy(target: string): Promise<FaultProxy> {
  const proxy = new TcpFaultProxy(new URL(target));
  await proxy.listen();
  return proxy;
}

class TcpFaultProxy implements FaultProxy {
  readonly #target: URL;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #port = 0;
  #frozen = false;

  constructor(target: URL) {
    this.#target = target;
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (client) => this.#accept(client));
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    const url = new URL(this.#target);
    url.hostname = "127.0.0.1";
    url.port = String(this.#port);
    return url.href;
  }

  get connections(): number {
    return this.#links.size;
  }

  async listen(): Promise<void> {
    if (this.#server.listening) return;
    // The first time port 0, any free one; later the same again.
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (typeof address === "object" && address) this.#port = address.port;
  }

  async pass(): Promise<void> {
    this.#frozen = false;
    for (const link of this.#links) link.thaw();
    await this.listen();
  }

  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  freeze(): void {
    this.#frozen = true;
    for (const link of this.#links) link.freeze();
  }

  cut(): void {
    for (const link of this.#links) link.reset();
    this.#links.clear();
  }

  close(): Promise<void> {
    return this.refuse();
  }

  #accept(client: Socket): void {
    const link = new Link(client, this.#target, () => this.#links.delete(link));
    this.#links.add(link);
    if (!this.#frozen) link.thaw();
  }
}

/** One client's connection and the one to the target, which is opened at the first thaw. */
class Link {
  readonly #client: Socket;
  readonly #target: URL;
  readonly #upstream = new Socket({ allowHalfOpen: true });
  #opened = false;
  #frozen = true;

  constructor(client: Socket, target: URL, onEnd: () => void) {
    this.#client = client;
    this.#target = target;
    this.#forward(client, this.#upstream);
    this.#forward(this.#upstream, client);
    client.once("close", onEnd);
    this.freeze();
  }

  thaw(): void {
    this.#frozen = false;
    if (!this.#opened) this.#open();
    this.#client.resume();
    this.#upstream.resume();
  }

  freeze(): void {
    this.#frozen = true;
    this.#client.pause();
    this.#upstream.pause();
  }

  reset(): void {
    this.#client.resetAndDestroy();
    this.#upstream.destroy();
  }

  #open(): void {
    this.#opened = true;
    this.#upstream.connect(Number(this.#target.port), this.#target.hostname);
  }

  #forward(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on("data", (bytes) => {
      if (!to.write(bytes)) from.pause();
    });
    to.on("drain", () => {
      if (!this.#frozen) from.resume();
    });
    from.on("end", () => to.end());
    // A broken connection on one side is passed on as one on the other.
    from.on("error", () => this.reset());
    from.on("close", (failed) => {
      if (!failed) to.end();
    });
  }
}
