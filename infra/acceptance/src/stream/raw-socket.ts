import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Any valid key will do (this is the one of RFC 6455, 1.3). */
const UPGRADE = [
  "GET /ws HTTP/1.1",
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];
const CLOSE_OPCODE = 0x88;

/** A connection that may break every rule: it writes bytes, and keeps those that come back. */
export class RawSocket {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;

  private constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
    });
    this.#socket.on("error", () => undefined); // It is followed by "close".
    this.#socket.on("close", () => {
      this.#isClosed = true;
    });
  }

  static async open(port: number): Promise<RawSocket> {
    const raw = new RawSocket(port);
    await once(raw.#socket, "connect");
    return raw;
  }

  /** The upgrade to `/ws`, whole. */
  static upgrade(): string {
    return `${UPGRADE.join("\r\n")}\r\n\r\n`;
  }

  /** Everything that came, as text. */
  get text(): string {
    return this.#received.toString("latin1");
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  write(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.destroy();
  }

  /** The code of the close frame that came after the upgrade's answer; undefined while there is none. */
  closeCode(): number | undefined {
    const start = this.#received.indexOf("\r\n\r\n");
    for (let at = start + 4; start >= 0 && at + 4 <= this.#received.length; ) {
      const [opcode, length] = [this.#received.readUInt8(at), this.#received.readUInt8(at + 1)];
      if (opcode === CLOSE_OPCODE) return this.#received.readUInt16BE(at + 2);
      // Longer messages than heartbeats do not come to somebody who subscribes to nothing.
      at += length < 126 ? 2 + length : 4 + this.#received.readUInt16BE(at + 2);
    }
    return undefined;
  }
}

/** A client's frame: masked with zeros, so that the payload can be read as it is. */
export function frame(firstByte: number, payload: Buffer, { isMasked = true, length = payload.length } = {}): Buffer {
  const header = Buffer.alloc(10);
  header[0] = firstByte;
  header[1] = (isMasked ? 0x80 : 0) | 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, isMasked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}
