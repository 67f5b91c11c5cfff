import { once } from "node:events";
import { createServer, type Server, Socket } from "node:net";

/** Asked before a statement is sent on, and before its answer is. @returns whether the connection goes on */
export type Gate = (step: string) => Promise<boolean>;

/** A message of PostgreSQL's protocol: a letter, then its length, then the rest. */
interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Cuts a stream into messages. */
class Messages {
  private rest: Buffer = Buffer.alloc(0);

  /** @param isBegun whether the first message, which has no letter, has passed */
  constructor(private isBegun: boolean) {}

  take(chunk: Buffer): Message[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const taken: Message[] = [];
    for (;;) {
      const head = this.isBegun ? 1 : 0;
      if (this.rest.length < head + 4) return taken;
      const end = head + this.rest.readInt32BE(head);
      if (this.rest.length < end) return taken;
      taken.push({
        type: this.isBegun ? String.fromCharCode(this.rest[0] ?? 0) : "",
        bytes: this.rest.subarray(0, end),
      });
      this.rest = this.rest.subarray(end);
      this.isBegun = true;
    }
  }
}

/** Letters of a statement that a step is known by; symbols and days come later in it. */
const NAME_LENGTH = 70;

function nameOf(text: string): string {
  return text.replace(/\s+/g, " ").replace(/\d+/g, "#").trim().slice(0, NAME_LENGTH);
}

function textAt(bytes: Buffer, from: number): string {
  return bytes.toString("utf8", from, bytes.indexOf(0, from));
}

/** A way to PostgreSQL on which each statement can be stopped before it is run, and before its answer is heard. */
export class StatementProxy {
  private readonly links = new Set<Link>();
  private readonly target: URL;

  private constructor(
    target: string,
    private readonly server: Server,
    readonly url: string,
  ) {
    this.target = new URL(target);
  }

  static async open(target: string, gate: Gate): Promise<StatementProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const url = new URL(target);
    url.hostname = "127.0.0.1";
    url.port = typeof address === "object" && address !== null ? String(address.port) : "";
    const proxy = new StatementProxy(target, server, url.href);
    server.on("connection", (client) => {
      const link = new Link(client, proxy.target, gate, () => proxy.links.delete(link));
      proxy.links.add(link);
    });
    return proxy;
  }

  /** Resets all connections. */
  cut(): void {
    for (const link of this.links) link.end();
  }

  close(): void {
    this.server.close();
    this.cut();
  }
}

class Link {
  private readonly server = new Socket();
  private readonly fromClient = new Messages(false);
  private readonly fromServer = new Messages(true);
  private readonly prepared = new Map<string, string>();
  /** Statements whose answers have not ended; the first one is that of logging in. */
  private readonly unanswered: string[] = ["log in"];
  private isOver = false;
  private current = "";
  private requests: Promise<void> = Promise.resolve();
  private answers: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: Socket,
    target: URL,
    private readonly gate: Gate,
    private readonly onEnd: () => void,
  ) {
    this.server.connect(Number(target.port), target.hostname);
    for (const socket of [client, this.server]) socket.setNoDelay(true).on("error", () => this.end());
    client.on("data", (chunk) => {
      this.requests = this.requests.then(() => this.send(this.fromClient.take(chunk)));
    });
    this.server.on("data", (chunk) => {
      this.answers = this.answers.then(() => this.answer(this.fromServer.take(chunk)));
    });
    client.on("close", () => this.end());
    // What was said last is heard: why the server ended the connection.
    this.server.on("close", () => {
      this.answers = this.answers.then(() => {
        client.end();
        this.onEnd();
      });
    });
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.client.destroy();
    this.server.destroy();
    this.onEnd();
  }

  private async send(messages: readonly Message[]): Promise<void> {
    for (const { type, bytes } of messages) {
      this.note(type, bytes);
      // A simple query, or the end of what was bound and executed.
      if (type === "Q" || type === "S") {
        if (!(await this.gate(`before sql ${this.current}`))) return this.end();
        this.unanswered.push(this.current);
      }
      if (this.isOver) return;
      this.server.write(bytes);
    }
  }

  private note(type: string, bytes: Buffer): void {
    if (type === "Q") this.current = nameOf(textAt(bytes, 5));
    if (type === "P") {
      const name = textAt(bytes, 5);
      this.current = nameOf(textAt(bytes, 5 + Buffer.byteLength(name) + 1));
      this.prepared.set(name, this.current);
    }
    if (type === "B") {
      const portal = textAt(bytes, 5);
      this.current = this.prepared.get(textAt(bytes, 5 + Buffer.byteLength(portal) + 1)) ?? this.current;
    }
  }

  /** The word that a statement is done is held back; a transaction of several statements has one for each. */
  private async answer(messages: readonly Message[]): Promise<void> {
    let passed: Buffer[] = [];
    for (const { type, bytes } of messages) {
      if (type === "C") {
        this.client.write(Buffer.concat(passed));
        passed = [];
        if (!(await this.gate(`after sql ${this.unanswered[0] ?? ""}`))) return this.end();
        if (this.isOver) return;
      }
      if (type === "Z") this.unanswered.shift();
      passed.push(bytes);
    }
    this.client.write(Buffer.concat(passed));
  }
}
