import { h } from "../view/dom.js";

interface Label {
  readonly text: string;
  /** The same in full, where the text is short. */
  readonly title?: string;
}

interface Choice<Value extends string> {
  readonly name: string;
  readonly legend: string;
  readonly values: readonly Value[];
  readonly labels?: Readonly<Record<Value, Label>>;
}

/** A row of radio buttons: the browser's own keys and names for screen readers come with them. */
export class ChoiceView<Value extends string> {
  readonly element: HTMLFieldSetElement;
  readonly #inputs = new Map<string, HTMLInputElement>();

  constructor({ name, legend, values, labels }: Choice<Value>, onChange: (value: Value) => void) {
    this.element = h("fieldset", { class: "choice", "data-name": name }, h("legend", { class: "hidden" }, legend));
    for (const value of values) {
      const { text = value, title } = labels?.[value] ?? {};
      const input = h("input", { type: "radio", name, value, "aria-label": title });
      input.addEventListener("change", () => onChange(value));
      this.#inputs.set(value, input);
      this.element.append(h("label", { title }, input, h("span", {}, text)));
    }
  }

  /** What shows a value. */
  labelOf(value: Value): HTMLElement | null | undefined {
    return this.#inputs.get(value)?.parentElement;
  }

  /** @returns what became the chosen one; undefined when it was that already */
  show(value: Value): HTMLElement | null | undefined {
    const input = this.#inputs.get(value);
    if (input === undefined || input.checked) return undefined;
    input.checked = true;
    return input.parentElement;
  }
}
