import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Answer, answersIn } from "./answers.js";

export interface ConversationOptions {
  readonly port: number;
  /** Another address of this machine than 127.0.0.1. */
  readonly localAddress?: string | undefined;
  /** Whether HEAD is asked. */
  readonly isHead?: boolean | undefined;
  /** How long an answer may take, ms; by itself much longer than one takes on two busy cores. */
  readonly patienceMs?: number;
}

/** A connection on which the bytes of a client are sent as they are. */
export class Conversation {
  readonly #socket: Socket;
  readonly #isHead: boolean;
  readonly #patienceMs: number;
  #received = Buffer.alloc(0);
  #isOver = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  private constructor({ port, localAddress, isHead = false, patienceMs = 20_000 }: ConversationOptions) {
    this.#isHead = isHead;
    this.#patienceMs = patienceMs;
    this.#socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, ...(localAddress && { localAddress }) });
    this.#socket.on("data", (piece: Buffer) => {
      this.#received = Buffer.concat([this.#received, piece]);
      this.#wake();
    });
    for (const end of ["end", "close"]) this.#socket.on(end, () => this.#over());
    this.#socket.on("error", (error) => this.#over(error));
  }

  static async open(options: ConversationOptions): Promise<Conversation> {
    const conversation = new Conversation(options);
    await once(conversation.#socket, "connect");
    return conversation;
  }

  get answers(): Answer[] {
    return answersIn(this.#received, this.#isOver, this.#isHead);
  }

  /** Whether the other side has ended it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Everything that came, as text. */
  get text(): string {
    return this.#received.toString("latin1");
  }

  write(bytes: Buffer | string): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Ends this side of it, as `nc -N` does when there is no more to send. */
  halfClose(): void {
    this.#socket.end();
  }

  /**
   * @returns the answers, as soon as there are so many of them, or the connection has ended
   * @throws Error with what came instead
   */
  async answered(count: number): Promise<Answer[]> {
    await this.until(() => this.answers.length >= count || this.#isOver, `${count} answers`);
    return this.answers;
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    const timeout = AbortSignal.timeout(this.#patienceMs);
    while (!isSo()) {
      if (timeout.aborted || this.#error) throw this.#error ?? new Error(`no ${what}, but ${this.text.slice(0, 2000)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timeout.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #over(error?: Error): void {
    this.#isOver = true;
    this.#error ??= error;
    this.#wake();
  }
}
