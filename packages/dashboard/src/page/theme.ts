import { byId } from "./view/dom.js";

type Theme = "dark" | "light";

const KEY = "fx-ohlc.theme";

function themeOf(text: string | null | undefined): Theme | undefined {
  return text === "dark" || text === "light" ? text : undefined;
}

function stored(): Theme | undefined {
  try {
    return themeOf(localStorage.getItem(KEY));
  } catch {
    // Storage can be forbidden: the theme then lasts as long as the page.
    return undefined;
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // See above.
  }
}

/** The page's theme: the system's until somebody chose one here. */
export class Themes {
  readonly #system = matchMedia("(prefers-color-scheme: light)");
  readonly #button = byId("theme");

  constructor(private readonly onChange: () => void) {
    this.#apply(stored());
    this.#button.addEventListener("click", () => this.#toggle());
    this.#system.addEventListener("change", () => this.#apply(stored()));
  }

  get #current(): Theme {
    return stored() ?? themeOf(document.documentElement.dataset.theme) ?? (this.#system.matches ? "light" : "dark");
  }

  #toggle(): void {
    const theme = this.#current === "dark" ? "light" : "dark";
    store(theme);
    this.#apply(theme);
  }

  #apply(theme: Theme | undefined): void {
    if (theme !== undefined) document.documentElement.dataset.theme = theme;
    const other = this.#current === "dark" ? "light" : "dark";
    this.#button.setAttribute("aria-label", `Switch to the ${other} theme`);
    this.onChange();
  }
}
