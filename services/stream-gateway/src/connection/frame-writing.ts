import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { Packet } from "../fanout/packet.js";

/** Any valid key will do (this is the one of RFC 6455, 1.3). */
const HANDSHAKE = {
  method: "GET",
  url: "/",
  headers: { upgrade: "websocket", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13" },
};

/** A socket whose other end is a list. */
function recordingSocket(): { socket: Duplex; written: Buffer[] } {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      done();
    },
  });
  return { socket, written };
}

/**
 * Whether finished frames may be written to a connection's socket between `ws`'s own. They may as long as `ws` writes a text at
 * once, as one plain frame, and keeps no queue of its own. That is how it behaves without compression, but nowhere promised:
 * so it is tried, once, on a socket that leads nowhere. If it is ever otherwise, every message goes through `ws.send`.
 *
 * @param socketClass `ws`'s own, or one that writes in another way
 */
export function canWriteFrames(socketClass: typeof WebSocket = WebSocket): boolean {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, WebSocket: socketClass });
  const { socket, written } = recordingSocket();
  const text = "x".repeat(200);
  let isAsExpected = false;
  // `ws` looks at nothing else of a request.
  server.handleUpgrade(HANDSHAKE as unknown as IncomingMessage, socket, Buffer.alloc(0), (ws) => {
    written.length = 0;
    ws.send(text);
    isAsExpected = Buffer.concat(written).equals(new Packet([text]).frames);
    ws.terminate();
  });
  server.close();
  return isAsExpected;
}
