import { STUDIES, STUDY_KINDS, type StudyKind, type StudySpec } from "../studies/study-spec.js";
import { h } from "../view/dom.js";

/** Indicators to choose from, each with how many bars it looks back. */
export class StudyList {
  readonly element: HTMLElement;
  readonly #rows: readonly { kind: StudyKind; box: HTMLInputElement; period: HTMLInputElement }[];

  #shown: readonly StudySpec[] = [];

  constructor(onChange: (specs: readonly StudySpec[]) => void) {
    this.#rows = STUDY_KINDS.map((kind) => {
      const { name, period: usual } = STUDIES[kind];
      const box = h("input", { type: "checkbox", value: kind });
      const period = h("input", { type: "number", min: 2, max: 500, value: usual, "aria-label": `Bars of ${name}` });
      return { kind, box, period };
    });
    const tell = () => onChange(this.#chosen());
    for (const { box, period } of this.#rows) {
      box.addEventListener("change", tell);
      period.addEventListener("change", () => {
        if (box.checked && period.checkValidity()) tell();
      });
    }
    const rows = this.#rows.map(({ kind, box, period }) =>
      h("div", { class: "menu-study" }, h("label", {}, box, STUDIES[kind].name), period),
    );
    this.element = h("div", { class: "menu-studies" }, ...rows);
  }

  render(specs: readonly StudySpec[]): void {
    this.#shown = specs;
    for (const { kind, box, period } of this.#rows) {
      const chosen = specs.find((spec) => spec.kind === kind);
      box.checked = chosen !== undefined;
      if (chosen !== undefined) period.value = String(chosen.period);
    }
  }

  /** In the order they are drawn. An address may name a kind twice: the list is of the first, and leaves the others be. */
  #chosen(): readonly StudySpec[] {
    const known = new Set(this.#shown.map(({ kind }) => kind));
    const chosen = this.#rows
      .filter(({ box }) => box.checked)
      .map(({ kind, period }) => ({ kind, period: Number(period.value) }));
    const kept = this.#shown.flatMap((spec, at): readonly StudySpec[] => {
      const first = this.#shown.findIndex(({ kind }) => kind === spec.kind);
      const now = chosen.find(({ kind }) => kind === spec.kind);
      return now === undefined ? [] : [at === first ? now : spec];
    });
    return [...kept, ...chosen.filter(({ kind }) => !known.has(kind))];
  }
}
