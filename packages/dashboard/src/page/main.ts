import { App } from "./app.js";

const app = new App();
app.start();

/** For the console and for tests: what the chart holds, which a canvas does not show. */
Object.assign(globalThis, {
  fxOhlc: {
    drawnBars: () => app.drawnBars(),
    drawnSpread: () => [...app.drawnSpread()],
    drawnStudies: () => app.drawnStudies(),
  },
});
