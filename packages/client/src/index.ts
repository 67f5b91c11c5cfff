import { type ClientOptions, FxClient as FxClientOfBrowser } from "./browser.js";
import { NodeSocket } from "./node-socket.js";

export * from "./browser.js";

/** The client for Node, which has no WebSocket of its own before version 22, nor one that can carry a token. */
export class FxClient extends FxClientOfBrowser {
  constructor(options: ClientOptions) {
    super(options, options.webSocket === undefined ? (url, token) => new NodeSocket(url, token) : undefined);
  }
}
