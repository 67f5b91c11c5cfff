/** Where it is kept that single keys do nothing. */
const KEY = "fx-ohlc.single-keys";

/** The keys that work wherever the focus is, but where somebody types. */
export class Shortcuts {
  #areOn = stored();

  /** @param actions by the key they belong to */
  constructor(private readonly actions: Readonly<Record<string, () => void>>) {
    addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Speech that is taken for keys, and a hand that slips, do nothing while they are off. */
  get areOn(): boolean {
    return this.#areOn;
  }

  turn(areOn: boolean): void {
    this.#areOn = areOn;
    try {
      localStorage.setItem(KEY, areOn ? "on" : "off");
    } catch {
      // They are then off as long as the page lasts.
    }
  }

  #onKey(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey, defaultPrevented } = event;
    const action = this.actions[key];
    if (!this.#areOn || action === undefined || ctrlKey || metaKey || altKey || defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
    event.preventDefault();
    action();
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== "radio" && target.type !== "checkbox";
  return target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

function stored(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}
