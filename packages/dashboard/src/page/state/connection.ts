import { durationText, secondText } from "../format/time.js";

/**
 * What the page knows of its connection. `connecting` is the first attempt, and every one after a loss is part of
 * `waiting`. The first time the stream is there it is `live` at once; after a loss it is `catching-up` until everything
 * shown was read again, and `live` then. Where the stream is `closed` for good to a key that may read, prices are read now and then:
 * it is `polling`.
 */
export interface Connection {
  readonly phase: "connecting" | "live" | "catching-up" | "waiting" | "closed" | "polling";
  readonly lostAtMs: number | undefined;
  readonly retryAtMs: number | undefined;
  readonly reason: string | undefined;
  readonly heardAtMs: number | undefined;
  readonly roundTripMs: number | undefined;
  /** Ticks that came late because the connection had been away, since the last loss. */
  readonly caughtUpTicks: number;
  /** Ranges that were not shown, newest first. */
  readonly holes: readonly Hole[];
  readonly log: readonly LogEntry[];
}

/** Ticks that were not shown. */
export interface Hole {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

export interface LogEntry {
  readonly atMs: number;
  readonly tone: Tone;
  readonly text: string;
}

export type Tone = "good" | "busy" | "bad";

export type ConnectionEvent =
  | { readonly type: "up" | "attempt" | "caught-up" | "polled"; readonly atMs: number }
  | {
      readonly type: "down";
      readonly atMs: number;
      readonly retryMs?: number | undefined;
      readonly reason?: string | undefined;
    }
  | { readonly type: "closed"; readonly atMs: number; readonly reason?: string | undefined }
  | { readonly type: "heard"; readonly atMs: number; readonly roundTripMs?: number | undefined }
  | { readonly type: "late-ticks"; readonly count: number }
  | { readonly type: "hole"; readonly atMs: number; readonly hole: Hole }
  | { readonly type: "note"; readonly atMs: number; readonly text: string };

export const FIRST_CONNECTION: Connection = {
  phase: "connecting",
  lostAtMs: undefined,
  retryAtMs: undefined,
  reason: undefined,
  heardAtMs: undefined,
  roundTripMs: undefined,
  caughtUpTicks: 0,
  holes: [],
  log: [],
};

/** Entries and holes kept: what somebody reads of a day. */
const KEPT_MAX = 50;
/** The page pings every 5 s: with two answers missing something is wrong. */
const STALE_AFTER_MS = 12_000;

function logged(connection: Connection, atMs: number, tone: Tone, text: string): Connection {
  return { ...connection, log: [{ atMs, tone, text }, ...connection.log].slice(0, KEPT_MAX) };
}

function up(connection: Connection, atMs: number): Connection {
  const { lostAtMs } = connection;
  const heard = { ...connection, retryAtMs: undefined, reason: undefined, heardAtMs: atMs, caughtUpTicks: 0 };
  if (lostAtMs === undefined) return logged({ ...heard, phase: "live" }, atMs, "good", "Connected");
  const text = `Connection back after ${durationText(atMs - lostAtMs)}, catching up`;
  return logged({ ...heard, phase: "catching-up" }, atMs, "busy", text);
}

function caughtUp(connection: Connection, atMs: number): Connection {
  const { phase, lostAtMs, holes, caughtUpTicks } = connection;
  if (phase !== "catching-up") return connection;
  const missing = holes.filter(({ to }) => Date.parse(to) >= (lostAtMs ?? 0)).length;
  const ticks = caughtUpTicks === 0 ? "" : `${caughtUpTicks.toLocaleString("en")} ticks caught up, `;
  const text =
    missing === 0
      ? `Resumed without a hole: ${ticks}bars read again`
      : `Resumed with ${missing === 1 ? "a declared hole" : `${missing} declared holes`}`;
  return logged({ ...connection, phase: "live", lostAtMs: undefined }, atMs, missing === 0 ? "good" : "bad", text);
}

function down(connection: Connection, { atMs, retryMs, reason }: ConnectionEvent & { type: "down" }): Connection {
  const next: Connection = {
    ...connection,
    phase: "waiting",
    // What is shown is as old as what was heard last, which may be long before the silence was noticed.
    lostAtMs: connection.lostAtMs ?? connection.heardAtMs ?? atMs,
    retryAtMs: retryMs === undefined ? undefined : atMs + retryMs,
    reason,
    roundTripMs: undefined,
  };
  return connection.phase === "waiting" ? next : logged(next, atMs, "bad", `Connection lost${inBrackets(reason)}`);
}

function polled(connection: Connection, atMs: number): Connection {
  const { phase } = connection;
  if (phase !== "closed" && phase !== "polling") return connection;
  const heard: Connection = { ...connection, phase: "polling", heardAtMs: atMs };
  return phase === "polling" ? heard : logged(heard, atMs, "busy", "Prices are read every few seconds");
}

function inBrackets(reason: string | undefined): string {
  return reason === undefined || reason === "" ? "" : ` (${reason})`;
}

function withHole(connection: Connection, hole: Hole, atMs: number): Connection {
  const holes = [hole, ...connection.holes].slice(0, KEPT_MAX);
  const range = `${secondText(Date.parse(hole.from) / 1000)} to ${secondText(Date.parse(hole.to) / 1000)}`;
  return logged({ ...connection, holes }, atMs, "bad", `${hole.what}, ${range} UTC`);
}

export function reduceConnection(connection: Connection, event: ConnectionEvent): Connection {
  switch (event.type) {
    case "up":
      return up(connection, event.atMs);
    case "down":
      return down(connection, event);
    case "attempt":
      return { ...connection, retryAtMs: undefined };
    case "closed":
      return logged({ ...connection, phase: "closed", reason: event.reason }, event.atMs, "bad", "Connection closed");
    case "heard":
      return { ...connection, heardAtMs: event.atMs, roundTripMs: event.roundTripMs ?? connection.roundTripMs };
    case "late-ticks":
      return connection.phase === "catching-up"
        ? { ...connection, caughtUpTicks: connection.caughtUpTicks + event.count }
        : connection;
    case "caught-up":
      return caughtUp(connection, event.atMs);
    case "hole":
      return withHole(connection, event.hole, event.atMs);
    case "polled":
      return polled(connection, event.atMs);
    case "note":
      return logged(connection, event.atMs, "bad", event.text);
  }
}

/** The state in words and in colour. */
export interface Status {
  readonly name: "connecting" | "connected" | "catching-up" | "stale" | "offline" | "polling";
  readonly word: string;
  readonly tone: Tone;
  /** What the page is doing about it; empty while all is well. */
  readonly detail: string;
}

export function statusOf(connection: Connection, nowMs: number): Status {
  const { phase, heardAtMs, lostAtMs, retryAtMs, reason } = connection;
  if (phase === "connecting") return { name: "connecting", word: "Connecting", tone: "busy", detail: "" };
  if (phase === "catching-up") {
    const detail = "Connection is back. Reading what was missed; nothing is left out.";
    return { name: "catching-up", word: "Catching up", tone: "busy", detail };
  }
  const offline = { name: "offline", word: "Offline", tone: "bad" } as const;
  if (phase === "closed") return { ...offline, detail: `No live prices: ${reason ?? "the stream was closed."}` };
  if (phase === "waiting") {
    const seconds = retryAtMs === undefined ? undefined : Math.max(0, Math.ceil((retryAtMs - nowMs) / 1000));
    const wait = seconds === undefined ? "Connecting again" : `Next attempt in ${seconds} s`;
    const since = lostAtMs === undefined ? "" : ` since ${secondText(lostAtMs / 1000)} UTC`;
    return { ...offline, detail: `No connection${since}. ${wait}.` };
  }
  const silentMs = heardAtMs === undefined ? 0 : nowMs - heardAtMs;
  if (silentMs <= STALE_AFTER_MS && phase === "polling") {
    const detail = `No live stream: ${reason ?? "it was closed."} Prices are read every few seconds.`;
    return { name: "polling", word: "Polled", tone: "busy", detail };
  }
  if (silentMs <= STALE_AFTER_MS) return { name: "connected", word: "Connected", tone: "good", detail: "" };
  const detail = `Nothing was heard for ${durationText(silentMs)}: prices may be old.`;
  return { name: "stale", word: "Stale", tone: "busy", detail };
}
