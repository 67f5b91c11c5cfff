import { PassThrough } from "node:stream";
import { eventually } from "@fx-ohlc/testkit";
import { showProgress } from "./progress.js";
import type { Terminal } from "./terminal.js";

/** A terminal of a person who watches, or the other end of a pipe. */
function terminalOf(display: NodeJS.WritableStream | undefined): { terminal: Terminal; said: string[] } {
  const said: string[] = [];
  return { terminal: { out: () => undefined, say: (line) => void said.push(line), display, screen: undefined }, said };
}

describe("showProgress", () => {
  it("draws how far it is, at which rate, and how long it takes still", async () => {
    const display = Object.assign(new PassThrough(), { isTTY: true, columns: 120 });
    let drawn = "";
    display.on("data", (block: Buffer) => {
      drawn += block.toString();
    });
    const progress = showProgress(terminalOf(display).terminal, { total: 200, noun: "bars" });
    progress.update(0, 100);
    progress.update(1_234, 150);
    await eventually(() => /75% \| 1,234 bars \| [\d,]+\/s \| \d+\.\d s left/.test(drawn));
    progress.trouble("the service is away");
    await eventually(() => drawn.includes("left | the service is away"));
    progress.stop();
  });

  it("says nothing but troubles where nobody watches, or nobody knows how much there is", () => {
    for (const [display, whole] of [
      [undefined, { total: 200, noun: "ticks" }],
      [new PassThrough(), undefined],
    ] as const) {
      const { terminal, said } = terminalOf(display);
      const progress = showProgress(terminal, whole);
      progress.update(100, 100);
      expect(said).toEqual([]);
      progress.trouble("the service is away");
      progress.trouble(undefined);
      progress.stop();
      expect(said).toEqual(["the service is away", "going on"]);
    }
  });
});
