import { WebSocket } from "ws";
import { type ClientOptions, FxClient as FxClientOfBrowser } from "./browser.js";

export * from "./browser.js";

/** The client for Node, which has no WebSocket of its own before version 22. */
export class FxClient extends FxClientOfBrowser {
  constructor(options: ClientOptions) {
    super({ webSocket: WebSocket, ...options });
  }
}
