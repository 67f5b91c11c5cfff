import { App } from "./app.js";

const app = new App();
app.start();

/** For the console and for tests: what the chart holds, which a canvas does not show. */
Object.assign(globalThis, {
  fxOhlc: {
    drawnBars: () => app.chart.drawnBars(),
    drawnSpread: () => [...app.chart.drawnSpread()],
    drawnStudies: () => app.chart.drawnStudies(),
  },
});
