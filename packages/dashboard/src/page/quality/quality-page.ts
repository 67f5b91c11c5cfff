import type { PageContext, PageView } from "../pages/page-view.js";
import { h } from "../view/dom.js";
export class QualityPage implements PageView {
  readonly element = h("div", { class: "page-inner quality" });
  constructor(readonly context: PageContext) {}
  show(): void {}
  hide(): void {}
}
