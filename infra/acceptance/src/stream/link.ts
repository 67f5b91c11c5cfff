import { type ChildProcess, spawn } from "node:child_process";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";

/** Who hears what happens on a connection. */
export interface LinkListener {
  onOpen(): void;
  onText(text: string): void;
  /** The end, also of an attempt that was refused; code 1006 when nothing was said. */
  onEnd(code: number, reason: string): void;
}

/** One WebSocket connection of a client that may stop reading. */
export interface Link {
  send(text: string): void;
  /** Reads nothing more until it is resumed. */
  pause(): void;
  resume(): void;
  /** Breaks off without a word. */
  cut(): void;
}

export type OpenLink = (url: string, listener: LinkListener) => Link;

/** A connection of this process. Paused it leaves the socket unread, so that the system's buffers fill up. */
export function openSocket(url: string, listener: LinkListener): Link {
  const ws = new WebSocket(url, { perMessageDeflate: false });
  ws.on("open", () => listener.onOpen());
  ws.on("message", (data) => listener.onText(String(data)));
  ws.on("error", () => undefined); // It is followed by "close".
  ws.on("close", (code, reason) => listener.onEnd(code, String(reason)));
  return {
    send: (text) => ws.send(text),
    pause: () => ws.pause(),
    resume: () => ws.resume(),
    cut: () => {
      ws.resume();
      ws.terminate();
    },
  };
}

/** A line of the child: what happened, and its words. */
function hear(line: string, listener: LinkListener): void {
  if (line === "open") listener.onOpen();
  else if (line.startsWith("text ")) listener.onText(line.slice("text ".length));
}

/** Orphans of a killed run end by themselves: their standard input ends. */
function startChild(url: string): ChildProcess {
  const program = fileURLToPath(new URL("freezable-client.mjs", import.meta.url));
  return spawn(execPath, [program, url], { stdio: ["pipe", "pipe", "ignore"] });
}

/** A connection of a process of its own, which pausing stops with SIGSTOP. */
export function openFreezable(url: string, listener: LinkListener): Link {
  const child = startChild(url);
  let end: { code: number; reason: string } = { code: 1006, reason: "" };
  child.stdin?.on("error", () => undefined); // It may be gone already.
  if (child.stdout) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("end ")) end = JSON.parse(line.slice("end ".length));
      else hear(line, listener);
    });
  }
  child.once("close", () => listener.onEnd(end.code, end.reason));
  return {
    send: (text) => child.stdin?.write(`${text}\n`),
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    cut: () => child.kill("SIGKILL"),
  };
}
