import { spanText } from "../format/time.js";
import { h, setAttribute, setText } from "../view/dom.js";
import { sumOf } from "./metrics-text.js";
import type { OpsState } from "./ops-state.js";

interface Tile {
  readonly name: string;
  /** What it is, for whoever wants to know. */
  readonly title: string;
  /** The number, and a line beneath it. */
  text(state: OpsState): readonly [string, string];
}

const NOTHING = ["–", ""] as const;

const number = (value: number | undefined): string =>
  value === undefined ? "–" : value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });

const TILES: readonly Tile[] = [
  {
    name: "Ticks/s",
    title: "Ticks stored a second, since the reading before",
    text: ({ ticksPerSecond, ingest }) => {
      const dropped = number(sumOf(ingest?.value, "ticks_rejected_total") ?? 0);
      return [number(ticksPerSecond), ingest?.value === undefined ? "" : `${dropped} refused since the start`];
    },
  },
  {
    name: "Commit",
    title: "How long it takes to store what comes together, on average since the service started",
    text: ({ ingest }) => {
      const sum = sumOf(ingest?.value, "tick_commit_duration_seconds_sum");
      const commits = sumOf(ingest?.value, "tick_commit_duration_seconds_count");
      if (sum === undefined || !commits) return NOTHING;
      return [`${((sum / commits) * 1_000).toFixed(1)} ms`, `${commits.toLocaleString("en")} commits`];
    },
  },
  {
    name: "Bars behind",
    title: "For how long the oldest late or corrected window has waited for its bars",
    text: ({ ingest }) => {
      const ageS = sumOf(ingest?.value, "bar_refresh_backlog_age_seconds");
      const closedS = sumOf(ingest?.value, "bars_closed_age_seconds");
      if (ageS === undefined) return NOTHING;
      return [spanText(ageS), closedS === undefined ? "" : `closed up to ${spanText(closedS)} ago`];
    },
  },
  {
    name: "Refresh backlog",
    title: "Late or corrected windows whose bars are not refreshed yet",
    text: ({ ingest, health }) => {
      const told = health?.value?.refresh_backlog_windows;
      const windows =
        sumOf(ingest?.value, "bar_refresh_backlog_windows") ?? (typeof told === "number" ? told : undefined);
      const etaS = sumOf(ingest?.value, "bar_refresh_backlog_eta_seconds");
      return [number(windows), etaS === undefined ? "windows" : `windows, done in ${spanText(etaS)}`];
    },
  },
  {
    name: "Publish buffer",
    title: "Messages that wait for Redis",
    text: ({ ingest }) => {
      const dropped = sumOf(ingest?.value, "publish_dropped_total");
      return [number(sumOf(ingest?.value, "publish_buffer_messages")), `${number(dropped)} given up`];
    },
  },
  {
    name: "Connections",
    title: "Open streams of clients",
    text: ({ stats }) => {
      const counts = Object.entries(stats?.value?.connections ?? {}).filter(([, open]) => open > 0);
      const kinds = counts.map(([name, open]) => `${open.toLocaleString("en")} ${name.replace("_", " ")}`);
      return [number(stats?.value?.total), kinds.join(", ")];
    },
  },
  {
    name: "Stream",
    title: "Messages written to WebSockets since the service started",
    text: ({ gateway }) => {
      const conflated = sumOf(gateway?.value, "websocket_ticks_conflated_total");
      return [number(sumOf(gateway?.value, "websocket_messages_sent_total")), `${number(conflated)} ticks skipped`];
    },
  },
];

/** The numbers of the system, each with what explains it. */
export class TilesView {
  readonly element = h("dl", { class: "tiles" });
  readonly #tiles = TILES.map((tile) => {
    const value = h("b", { class: "tile-value" });
    const note = h("span", { class: "tile-note" });
    this.element.append(
      h("div", { class: "panel tile", title: tile.title }, h("dt", {}, tile.name), h("dd", {}, value, note)),
    );
    return { tile, value, note };
  });

  render(state: OpsState): void {
    for (const { tile, value, note } of this.#tiles) {
      const [text, beneath] = tile.text(state);
      setText(value, text);
      setText(note, text === "–" ? "" : beneath);
      setAttribute(value, "data-known", String(text !== "–"));
    }
  }
}
