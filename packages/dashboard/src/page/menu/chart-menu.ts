import type { FxClient } from "@fx-ohlc/client";
import { normalizeSymbol } from "@fx-ohlc/schemas/symbol";
import { localInstant } from "@fx-ohlc/schemas/zone";
import { bucketEndOf } from "../bars/buckets.js";
import { ZONES, type ZoneName } from "../format/zone.js";
import { ChoiceView } from "../toolbar/choice-view.js";
import { byId, h, setText } from "../view/dom.js";
import { CHART_SCALES, CHART_STYLES, type TimeRange, type View } from "../view.js";
import { pictureBlob } from "./picture.js";
import { curlText, download, fileName, type Seen, seenFile } from "./saved-bars.js";
import { StudyList } from "./study-list.js";

const STYLE_LABELS = {
  candles: { text: "Candles" },
  heikin: { text: "Heikin-Ashi" },
  line: { text: "Line" },
  area: { text: "Area" },
};
const SCALE_LABELS = { linear: { text: "Linear" }, log: { text: "Log" }, percent: { text: "Per cent" } };
/** What is shown around a time that one goes to. */
const SIGHT_BARS = 80;
const MINUTES_OF_DAY = 1_440;
const MS_PER_DAY = 86_400_000;
const US_PER_SECOND = 1_000_000;

/** What the menu asks the chart for. */
export interface ChartSource {
  readonly sight: TimeRange | undefined;
  picture(): { canvas: HTMLCanvasElement; text: string };
}

/** Everything of the chart that needs no place in the toolbar: where to go, how it looks, what is drawn with it, what to take away. */
export class ChartMenu {
  readonly #menu = h("div", { id: "chart-menu", class: "menu", popover: "", role: "dialog", "aria-label": "Chart" });
  readonly #styles;
  readonly #scales;
  readonly #studies;
  readonly #time = h("input", { type: "datetime-local", "aria-label": "Time to go to", required: true });
  readonly #zone = h("span", { class: "menu-note" });
  readonly #compared = h("input", {
    type: "text",
    "aria-label": "Symbol to compare with",
    placeholder: "Symbol",
    maxlength: 32,
    autocomplete: "off",
    spellcheck: "false",
  });
  readonly #curl = h("pre", { class: "menu-curl", tabindex: 0 });
  readonly #said = h("p", { class: "menu-said", role: "status" });
  #view: View | undefined;

  /** @param hasKey whether the API is asked with a key */
  constructor(
    private readonly client: FxClient,
    private readonly chart: ChartSource,
    private readonly hasKey: () => boolean,
    private readonly onChange: (change: Partial<View>) => void,
  ) {
    this.#styles = new ChoiceView(
      { name: "style", legend: "Bars as", values: CHART_STYLES, labels: STYLE_LABELS },
      (style) => onChange({ style, mode: "candles" }),
    );
    this.#scales = new ChoiceView(
      { name: "scale", legend: "Scale", values: CHART_SCALES, labels: SCALE_LABELS },
      (scale) => onChange({ scale }),
    );
    this.#studies = new StudyList((studies) => onChange({ studies }));
    this.#curl.hidden = true;
    this.#menu.append(
      section(
        "Go to",
        this.#form(this.#time, "Go", () => this.#go()),
        this.#zone,
      ),
      section("Bars", this.#styles.element, this.#scales.element),
      section("Indicators", this.#studies.element),
      section(
        "Compare, in per cent",
        this.#form(this.#compared, "Compare", () => this.#compare()),
      ),
      section("Take away what is in sight", this.#buttons(), this.#curl, this.#said),
    );
    document.body.append(this.#menu);
    const opener = h(
      "button",
      { type: "button", class: "button menu-open", popovertarget: "chart-menu", "aria-haspopup": "dialog" },
      "Chart",
    );
    byId("toolbar").append(opener);
    this.#menu.addEventListener("toggle", () => this.#onToggle());
  }

  render(view: View): void {
    this.#view = view;
    this.#styles.show(view.style);
    this.#scales.show(view.scale);
    this.#studies.render(view.studies);
    setText(this.#zone, ZONES[view.zone].text);
    if (document.activeElement !== this.#compared) this.#compared.value = view.compared ?? "";
  }

  #onToggle(): void {
    this.#curl.hidden = true;
    setText(this.#said, "");
  }

  #form(input: HTMLInputElement, text: string, onSubmit: () => void): HTMLElement {
    const form = h("form", { class: "menu-form" }, input, h("button", { type: "submit", class: "button" }, text));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      onSubmit();
    });
    return form;
  }

  #buttons(): HTMLElement {
    const acts: readonly (readonly [string, () => Promise<void>])[] = [
      ["CSV", () => this.#saveFile("csv")],
      ["Parquet", () => this.#saveFile("parquet")],
      ["PNG", () => this.#savePicture()],
      ["Copy as curl", () => this.#copyCurl()],
      ["Full screen", () => this.#fullScreen()],
    ];
    const buttons = acts.map(([text, act]) => {
      const button = h("button", { type: "button", class: "button" }, text);
      button.addEventListener("click", () => {
        act().catch((error: unknown) => setText(this.#said, error instanceof Error ? error.message : String(error)));
      });
      return button;
    });
    return h("div", { class: "menu-buttons" }, ...buttons);
  }

  #go(): void {
    const view = this.#view;
    if (view === undefined) return;
    const time = instantOf(this.#time.value, view.zone);
    if (time === undefined) return;
    const length = bucketEndOf(time, view) - time || 1;
    const half = (SIGHT_BARS / 2) * Math.max(1, length);
    // Ticks are followed, not gone to: bars show any time.
    this.onChange({ range: { from: time - half, to: time + half }, mode: "candles" });
    this.#menu.hidePopover();
  }

  #compare(): void {
    const symbol = normalizeSymbol(this.#compared.value);
    const isNone = this.#compared.value.trim() === "";
    if (symbol === undefined && !isNone) setText(this.#said, `${this.#compared.value} is no symbol`);
    else this.onChange({ compared: isNone || symbol === this.#view?.symbol ? undefined : symbol, mode: "candles" });
  }

  get #seen(): Seen {
    const view = this.#view;
    const range = this.chart.sight;
    if (view?.symbol === undefined || range === undefined) throw new Error("Nothing is in sight yet");
    return { ...view, symbol: view.symbol, range };
  }

  async #saveFile(format: "csv" | "parquet"): Promise<void> {
    const seen = this.#seen;
    download(await seenFile(this.client, seen, format), fileName(seen, format));
  }

  async #savePicture(): Promise<void> {
    const { canvas, text } = this.chart.picture();
    download(await pictureBlob(canvas, text), fileName(this.#seen, "png"));
  }

  /** It is shown, too: a page that is not of this machine, and without TLS, may write into no clipboard. */
  async #copyCurl(): Promise<void> {
    const text = curlText(this.#seen, this.hasKey());
    setText(this.#curl, text);
    this.#curl.hidden = false;
    const isCopied = await copied(text);
    setText(this.#said, isCopied ? "Copied" : "Select it to copy it");
  }

  async #fullScreen(): Promise<void> {
    this.#menu.hidePopover();
    if (document.fullscreenElement === null) await byId("stage").requestFullscreen();
    else await document.exitFullscreen();
  }
}

async function copied(text: string): Promise<boolean> {
  // There is none in a page that is neither of this machine nor over TLS, whatever its type says.
  const clipboard: Clipboard | undefined = navigator.clipboard;
  return (
    (await clipboard?.writeText(text).then(
      () => true,
      () => false,
    )) ?? false
  );
}

function section(title: string, ...content: readonly HTMLElement[]): HTMLElement {
  return h("section", { class: "menu-section" }, h("h2", {}, title), ...content);
}

/** What a clock of the zone reads as `2026-11-24T10:30`; the first of two instants, where it reads so twice. */
function instantOf(text: string, zone: ZoneName): number | undefined {
  const wallMs = Date.parse(`${text}Z`);
  if (Number.isNaN(wallMs)) return undefined;
  const day = Math.floor(wallMs / MS_PER_DAY);
  const minute = Math.floor((wallMs / 60_000) % MINUTES_OF_DAY);
  return localInstant(day, minute, ZONES[zone].timezone) / US_PER_SECOND;
}
