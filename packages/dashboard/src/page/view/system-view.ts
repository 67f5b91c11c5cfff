import type { Health } from "@fx-ohlc/client";
import { dateText, dateTimeText, durationText, secondText } from "../format/time.js";
import { ZONES, type ZoneName } from "../format/zone.js";
import type { Connection, Status } from "../state/connection.js";
import type { Clock } from "./clock.js";
import { byId, h, setAttribute, setText } from "./dom.js";

/** What the page measures. */
export interface Meters {
  readonly roundTripMs: number | undefined;
  readonly ageMs: number | undefined;
  readonly ticksPerSecond: number | undefined;
}

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SMALL_NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });

function rateText(rate: number | undefined): string {
  if (rate === undefined) return "–";
  return rate < 10 ? SMALL_NUMBER.format(rate) : NUMBER.format(rate);
}

class Meter {
  readonly element: HTMLElement;
  readonly #value = h("dd", {}, "–");

  constructor(name: string, title: string) {
    this.element = h("div", { class: "meter", title }, h("dt", {}, name), this.#value);
  }

  show(text: string, isBad = false): void {
    setText(this.#value, text);
    setAttribute(this.element, "data-bad", String(isBad));
  }
}

/** The state of the connection and of the system: at a glance in the header, in full behind it. */
export class SystemView {
  readonly #latency = new Meter("Latency", "From a tick's own stamp to this screen, the median of the latest ones");
  readonly #rate = new Meter("Ticks/s", "Ticks of all symbols a second, over the last five");
  readonly #gaps = new Meter("Stream gaps", "Ranges that this page was told it did not get");
  readonly #clock = byId("clock");
  readonly #status = byId("status");
  readonly #word = byId("status-word");
  readonly #notice = byId("notice");
  readonly #system = byId("system");
  readonly #facts = h("dl", { class: "facts" });
  readonly #log = h("ol", { class: "log" });
  readonly #logZone = h("span", { class: "panel-note" });
  #shownLog: Connection["log"] | undefined;
  #shownZone: ZoneName | undefined;

  /** @param onOpen the state of the system is about to be looked at */
  constructor(onOpen: () => void) {
    this.#system.addEventListener("toggle", onOpen);
    const meters = [this.#latency, this.#rate, this.#gaps].map(({ element }) => element);
    byId("meters").append(h("dl", {}, ...meters));
    const title = (...texts: (string | Node)[]): HTMLElement => h("h2", { class: "panel-title" }, ...texts);
    this.#system.append(title("System"), this.#facts, title("Connection", this.#logZone), this.#log);
  }

  render(status: Status, connection: Connection, meters: Meters, { nowMs, zone }: Clock): void {
    setText(this.#word, status.word);
    setAttribute(this.#status, "data-tone", status.tone);
    setAttribute(this.#status, "data-status", status.name);
    setAttribute(this.#status, "aria-label", `${status.word}: open the state of the system`);
    setAttribute(document.body, "data-status", status.name);
    setText(this.#notice, status.detail);
    setAttribute(this.#notice, "data-tone", status.tone);
    this.#notice.hidden = status.detail === "";
    const { ageMs, roundTripMs, ticksPerSecond } = meters;
    const latencyMs = ageMs ?? roundTripMs;
    this.#latency.show(latencyMs === undefined ? "–" : durationText(latencyMs), (latencyMs ?? 0) > 1_000);
    this.#rate.show(rateText(ticksPerSecond));
    this.#gaps.show(String(connection.holes.length), connection.holes.length > 0);
    setText(this.#clock, secondText(nowMs / 1000, zone));
    setAttribute(this.#clock, "title", dateTimeText(nowMs / 1000, zone));
    if (connection.log !== this.#shownLog || zone !== this.#shownZone) this.#showLog(connection.log, zone);
  }

  /** @param health what the edge says of its services; undefined when it did not answer */
  renderHealth(health: Health | undefined, { roundTripMs, ageMs }: Meters): void {
    // It may be read while it is open, and costs nothing while it is not.
    if (!this.#system.matches(":popover-open")) return;
    const facts: [string, string, boolean][] = [
      ["System", health?.status ?? "unreachable", health?.status === "healthy"],
      ...servicesOf(health),
      ["Round trip", roundTripMs === undefined ? "–" : durationText(roundTripMs), true],
      ["Tick to screen", ageMs === undefined ? "–" : durationText(ageMs), true],
    ];
    const rows = facts.flatMap(([name, text, isGood]) => [
      h("dt", {}, name),
      h("dd", { "data-good": String(isGood) }, text),
    ]);
    this.#facts.replaceChildren(...rows);
  }

  #showLog(log: Connection["log"], zone: ZoneName): void {
    this.#shownLog = log;
    this.#shownZone = zone;
    setText(this.#logZone, ZONES[zone].text);
    const entries = log.map(({ atMs, tone, text }) => {
      const time = h("time", { title: dateText(atMs / 1000, zone) }, secondText(atMs / 1000, zone));
      return h("li", { "data-tone": tone }, time, h("span", {}, text));
    });
    this.#log.replaceChildren(...entries);
  }
}

/** The edge's report: a state for each service, and for what they depend on. */
function servicesOf(health: Health | undefined): [string, string, boolean][] {
  const services = health?.services;
  const parts = {
    ...(typeof services === "object" ? services : {}),
    database: health?.database,
    redis: health?.redis,
  };
  return Object.entries(parts).flatMap(([name, state]: [string, unknown]): [string, string, boolean][] =>
    typeof state === "string" ? [[name, state, state === "healthy" || state === "connected"]] : [],
  );
}
