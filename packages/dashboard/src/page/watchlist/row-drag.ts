export interface RowDragListener {
  /** Whether rows have an order of their own now, that can be changed. */
  canMove(): boolean;
  /** A row was dropped on another one's place. */
  onDrop(symbol: string, onto: string): void;
}

/** Rows that are drawn to another place with the mouse; with the keyboard Alt and an arrow do the same. */
export function makeRowsDraggable(body: HTMLElement, { canMove, onDrop }: RowDragListener): void {
  let dragged: string | undefined;
  const rowOf = ({ target }: Event): HTMLElement | null =>
    target instanceof Element ? target.closest<HTMLElement>("tr") : null;
  const mark = (row: HTMLElement | null): void => {
    for (const marked of body.querySelectorAll("[data-drop]")) marked.removeAttribute("data-drop");
    row?.setAttribute("data-drop", "true");
  };
  body.addEventListener("dragstart", (event) => {
    dragged = canMove() ? rowOf(event)?.dataset.symbol : undefined;
    if (dragged === undefined) event.preventDefault();
    else event.dataTransfer?.setData("text/plain", dragged);
  });
  body.addEventListener("dragover", (event) => {
    if (dragged === undefined) return;
    event.preventDefault();
    mark(rowOf(event));
  });
  body.addEventListener("drop", (event) => {
    const onto = rowOf(event)?.dataset.symbol;
    if (dragged === undefined || onto === undefined) return;
    event.preventDefault();
    onDrop(dragged, onto);
  });
  body.addEventListener("dragend", () => {
    dragged = undefined;
    mark(null);
  });
}
