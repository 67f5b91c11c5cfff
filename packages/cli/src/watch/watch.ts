import { cursorTo, moveCursor } from "node:readline";
import { type ChannelName, FxClient, type StreamEvent } from "@fx-ohlc/client";
import type { Connection } from "../connection.js";
import { type Context, EXIT, type Screen, type Terminal } from "../terminal.js";
import { eventLines, remark } from "./event-lines.js";
import { LiveTable } from "./live-table.js";

export interface WatchOptions extends Connection {
  readonly channels: readonly ChannelName[];
  /** Every event as a line of JSON. */
  readonly json?: boolean;
}

/** What shows the events to a person, or writes them for a program. */
interface View {
  show(event: StreamEvent): void;
  end(): void;
}

function lineView(terminal: Terminal): View {
  const show = (event: StreamEvent) => {
    for (const line of eventLines(event)) terminal.out(line);
    const remarked = remark(event);
    if (remarked !== undefined) terminal.say(remarked);
  };
  return { show, end: () => {} };
}

/** Redraws are no more frequent than an eye can follow. */
const REDRAW_INTERVAL_MS = 100;

const ERASE_TO_END_OF_LINE = "\u001b[K";
const ERASE_BELOW = "\u001b[J";

/** A table that is drawn over itself. */
class ScreenView implements View {
  readonly #table = new LiveTable();
  readonly #timer: ReturnType<typeof setInterval>;
  #remark = "connecting …";
  #linesDrawn = 0;
  #changed = true;

  constructor(private readonly screen: Screen) {
    this.#timer = setInterval(() => this.#draw(), REDRAW_INTERVAL_MS);
  }

  show(event: StreamEvent): void {
    this.#table.take(event);
    this.#remark = event.type === "status" && event.status === "live" ? "live" : (remark(event) ?? this.#remark);
    this.#changed = true;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    if (!this.#changed) return;
    this.#changed = false;
    const { stream, columns } = this.screen;
    // A line longer than the screen would take two, and the next redraw would begin in the wrong one.
    const lines = [...this.#table.lines(), "", `${this.#remark}; Ctrl-C stops`].map((line) => line.slice(0, columns()));
    moveCursor(stream, 0, -this.#linesDrawn);
    cursorTo(stream, 0);
    stream.write(`${lines.join(`${ERASE_TO_END_OF_LINE}\n`)}${ERASE_TO_END_OF_LINE}\n${ERASE_BELOW}`);
    this.#linesDrawn = lines.length;
  }
}

function viewOn(terminal: Terminal, json: boolean | undefined): View {
  if (json) return { show: (event) => terminal.out(JSON.stringify(event)), end: () => {} };
  return terminal.screen === undefined ? lineView(terminal) : new ScreenView(terminal.screen);
}

/**
 * Shows what happens on channels until it is interrupted.
 *
 * @returns the exit code
 * @throws StreamClosedError when the server refuses the stream for good
 */
export async function watch(
  { channels, json, ...connection }: WatchOptions,
  { terminal, signal }: Context,
): Promise<number> {
  const stream = new FxClient(connection).stream({ channels, signal });
  const view = viewOn(terminal, json);
  try {
    for await (const event of stream) view.show(event);
  } finally {
    view.end();
  }
  return EXIT.done;
}
