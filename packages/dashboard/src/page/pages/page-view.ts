import type { FxClient } from "@fx-ohlc/client";
import type { View } from "../view.js";
import type { ApiReader } from "./api-reader.js";

/** What a view beside the chart is given. */
export interface PageContext {
  readonly client: FxClient;
  /** For what the client has no method for. */
  readonly reader: ApiReader;
  /** What the system's clock shows, ms since 1970. */
  nowMs(): number;
  /** Takes a change of the view that somebody made. */
  change(change: Partial<View>): void;
  /** The address of the chart of a symbol that shows what lies between two moments, ms since 1970. */
  chartAddress(symbol: string, fromMs: number, toMs: number): string;
  /** Goes to an address of this page, as a step the browser can go back from. */
  open(address: string): void;
  /** Opens the form that asks for a key. */
  signIn(): void;
}

/** A view beside the chart. It reads nothing while it is not shown. */
export interface PageView {
  readonly element: HTMLElement;
  show(view: View): void;
  hide(): void;
}
