import type { RawData } from "ws";

/**
 * A client's end, as far as a connection uses it: a WebSocket, or what stands in for one where events go out over HTTP. Its answer
 * to a ping says that what was sent before has been read.
 */
export interface ClientSocket {
  readonly OPEN: number;
  readonly readyState: number;
  send(text: string): void;
  ping(payload: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: "message", listener: (data: RawData, isBinary: boolean) => void): unknown;
  on(event: "ping" | "pong", listener: (payload: Buffer) => void): unknown;
  on(event: "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}
