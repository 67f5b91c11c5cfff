import { API } from "../api.js";
import { byId, h, s, setAttribute } from "../view/dom.js";

export type CurtainState =
  | { readonly kind: "none" | "loading" | "no-data" | "no-symbols" }
  | { readonly kind: "failed" | "forbidden" | "waiting"; readonly error: string };

const SAMPLE = `curl -X POST ${API}/ticks \\
     -H 'Content-Type: application/json' \\
     -d '{"symbol":"DEMO","price":777.12345}'`;

/** Heights of the placeholder's candles, per cent: a quiet market. */
const SKELETON = [42, 50, 46, 58, 62, 55, 60, 70, 66, 72, 64, 58, 62, 54, 48, 52, 60, 66, 63, 68, 74, 70, 64, 67];

/** What stands in the chart's place while there is nothing to draw. */
export class CurtainView {
  readonly #root = byId("curtain");
  #shown = "";

  constructor(private readonly onRetry: () => void) {
    this.show({ kind: "loading" });
  }

  show(state: CurtainState): void {
    const key = JSON.stringify(state);
    if (key === this.#shown) return;
    this.#shown = key;
    setAttribute(this.#root, "data-state", state.kind);
    this.#root.replaceChildren(...this.#content(state));
  }

  #content(state: CurtainState): Node[] {
    switch (state.kind) {
      case "none":
        return [];
      case "loading":
        return [skeleton(), h("p", { class: "hidden", role: "status" }, "Loading bars")];
      case "no-data":
        return [message("No ticks here yet", "The chart begins with the first one.")];
      case "no-symbols":
        return [message("No ticks yet", "Send the first one and watch it arrive:"), h("pre", { tabindex: 0 }, SAMPLE)];
      case "forbidden":
        return [message("These bars are not open to you", state.error, "alert")];
      case "waiting":
        return [
          message("The bars are not there yet", `${state.error} They are asked for again by themselves.`, "status"),
        ];
      case "failed":
        return [message("The bars could not be loaded", state.error, "alert"), this.#retryButton()];
    }
  }

  #retryButton(): HTMLElement {
    const button = h("button", { type: "button", class: "button" }, "Try again");
    button.addEventListener("click", () => this.onRetry());
    return button;
  }
}

function message(title: string, text: string, role?: string): HTMLElement {
  return h("div", { class: "message", role }, h("p", { class: "message-title" }, title), h("p", {}, text));
}

function skeleton(): Node {
  const bars = SKELETON.map((height, at) => {
    const y = 100 - height;
    return s("rect", { x: at * 10 + 2, y: y - (at % 3) * 2, width: 6, height: 12 + (at % 4) * 3, rx: 1 });
  });
  return s(
    "svg",
    { class: "chart-skeleton", viewBox: "0 0 240 100", preserveAspectRatio: "none", "aria-hidden": "true" },
    ...bars,
  );
}
