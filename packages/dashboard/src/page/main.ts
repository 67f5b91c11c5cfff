import { App } from "./app.js";

const app = new App();
app.start();

/** For the console and for tests: the bars as the chart holds them, which a canvas does not show. */
Object.assign(globalThis, { fxOhlc: { drawnBars: () => app.drawnBars() } });
