import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";

/** Rows beyond the ones in sight: what a turn of the wheel brings in. */
const OVERSCAN = 8;

export interface VirtualRowsOptions {
  /** What scrolls. */
  readonly scroller: HTMLElement;
  /** What holds the rows, and is as high as all of them. */
  readonly body: HTMLElement;
  /** Pixels; it may be another one on another screen. */
  readonly rowHeight: () => number;
  /** What takes the place of the rows above and below; rows of a list without it are placed by themselves. */
  readonly spacers?: readonly [HTMLElement, HTMLElement];
  /** The row that stands at a place; the same element for the same row. */
  readonly rowAt: (at: number) => HTMLElement;
  /** Other rows than before may be there. */
  readonly onPlaced?: () => void;
}

/** Keeps only those rows of a long list in the document that are in sight, or near it. */
export class VirtualRows {
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  readonly #options: VirtualizerOptions<HTMLElement, HTMLElement>;
  #count = 0;

  constructor(private readonly given: VirtualRowsOptions) {
    this.#options = {
      count: 0,
      getScrollElement: () => given.scroller,
      estimateSize: given.rowHeight,
      overscan: OVERSCAN,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => this.#place(),
    };
    this.#virtualizer = new Virtualizer(this.#options);
    this.#virtualizer._didMount();
    // Another screen may have higher rows.
    addEventListener("resize", () => this.#virtualizer.measure());
  }

  /** Places the rows anew: there are so many, or they stand in another order. */
  arrange(count: number): void {
    this.#count = count;
    this.#virtualizer.setOptions({ ...this.#options, count });
    this.#virtualizer._willUpdate();
    this.#place();
  }

  /** Brings a row into sight. */
  reveal(at: number): void {
    this.#virtualizer.scrollToIndex(at);
    this.#place();
  }

  #place(): void {
    const { body, rowAt, spacers, onPlaced } = this.given;
    const items = this.#virtualizer.getVirtualItems().filter(({ index }) => index < this.#count);
    const totalPx = this.#virtualizer.getTotalSize();
    if (spacers === undefined) body.style.height = `${totalPx}px`;
    spacers?.[0].style.setProperty("height", `${items[0]?.start ?? 0}px`);
    spacers?.[1].style.setProperty("height", `${totalPx - (items.at(-1)?.end ?? 0)}px`);
    const rows = items.map(({ index, start }) => {
      const row = rowAt(index);
      if (spacers === undefined) row.style.transform = `translateY(${start}px)`;
      row.setAttribute("aria-rowindex", String(index + 2));
      return row;
    });
    const wanted = new Set<Element>(rows);
    const focused = document.activeElement;
    for (const row of [...body.children]) if (!wanted.has(row)) row.remove();
    rows.forEach((row, at) => {
      if (body.children[at] !== row) body.insertBefore(row, body.children[at] ?? null);
    });
    // A row that was moved has lost the focus on its way.
    const isMoved = focused instanceof HTMLElement && focused !== document.activeElement && body.contains(focused);
    if (isMoved) focused.focus({ preventScroll: true });
    onPlaced?.();
  }
}
