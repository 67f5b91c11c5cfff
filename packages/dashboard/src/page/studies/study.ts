import { ATR, BollingerBands, EMA, MACD, RSI, SMA } from "trading-signals";
import type { ChartBar } from "../bars/chart-bar.js";

import { DEVIATIONS, MACD_SHORT, MACD_SIGNAL, type StudySpec } from "./study-spec.js";

/** One value for each line; undefined while it has not seen enough bars. */
export type StudyValues = readonly number[] | undefined;

type Step = (bar: ChartBar, isAgain: boolean) => StudyValues;

function one(value: number | null): StudyValues {
  return value === null ? undefined : [value];
}

function stepOf({ kind, period }: StudySpec): Step {
  switch (kind) {
    case "sma": {
      const sma = new SMA(period);
      return ({ close }, isAgain) => one(sma.update(close, isAgain));
    }
    case "ema": {
      const ema = new EMA(period);
      return ({ close }, isAgain) => one(ema.update(close, isAgain));
    }
    case "rsi": {
      const rsi = new RSI(period);
      return ({ close }, isAgain) => one(rsi.update(close, isAgain));
    }
    case "atr": {
      const atr = new ATR(period);
      return ({ high, low, close }, isAgain) => one(atr.update({ high, low, close }, isAgain));
    }
    case "bb": {
      const bands = new BollingerBands(period, DEVIATIONS);
      return ({ close }, isAgain) => {
        const found = bands.update(close, isAgain);
        return found === null ? undefined : [found.middle, found.upper, found.lower];
      };
    }
    case "macd": {
      const macd = new MACD(new EMA(MACD_SHORT), new EMA(period), new EMA(MACD_SIGNAL));
      return ({ close }, isAgain) => {
        const found = macd.update(close, isAgain);
        return found === null ? undefined : [found.macd, found.signal, found.histogram];
      };
    }
  }
}

/** An indicator over the bars of a chart, which goes on with each one that comes. */
export class Study {
  #step: Step;
  #lastTime = Number.NEGATIVE_INFINITY;

  constructor(readonly spec: StudySpec) {
    this.#step = stepOf(spec);
  }

  /** Its values at every bar, from the first one on. */
  all(bars: readonly ChartBar[]): readonly StudyValues[] {
    this.#step = stepOf(this.spec);
    this.#lastTime = Number.NEGATIVE_INFINITY;
    return bars.map((bar) => this.next(bar));
  }

  /** Its values at the newest bar, which may come again as it changes. */
  next(bar: ChartBar): StudyValues {
    // A bar without quotes is nothing that a side can be averaged over.
    if (Number.isNaN(bar.close)) return undefined;
    const isAgain = bar.time === this.#lastTime;
    this.#lastTime = bar.time;
    return this.#step(bar, isAgain);
  }
}
