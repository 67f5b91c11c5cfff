import { ZONE_NAMES, ZONES, type ZoneName } from "../format/zone.js";
import { byId, h } from "./dom.js";

/** Whose clocks tell the page's times, beside the clock. */
export class ZoneView {
  readonly #select = byId("zone") as HTMLSelectElement; // The page's own HTML says so.

  constructor(onChange: (zone: ZoneName) => void) {
    const options = ZONE_NAMES.map((zone) => h("option", { value: zone }, ZONES[zone].text));
    this.#select.append(...options);
    this.#select.addEventListener("change", () => {
      const zone = ZONE_NAMES.find((name) => name === this.#select.value);
      if (zone !== undefined) onChange(zone);
    });
  }

  render(zone: ZoneName): void {
    this.#select.value = zone;
  }
}
