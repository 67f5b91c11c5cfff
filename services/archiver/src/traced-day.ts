import type { WatchDay } from "@fx-ohlc/database/archive";
import type { Tracer } from "@fx-ohlc/service-kit";

/** Records each day that is archived as a trace of its own: nobody has asked for it. */
export function tracedDay(tracer: Tracer): WatchDay {
  return async ({ symbol, date }, work) => {
    const span = tracer.begin("archive day", "internal", { "fx.symbol": symbol, "fx.date": date });
    try {
      const outcome = await work();
      span?.note({ "fx.outcome": outcome.done, "fx.ticks": outcome.rows, "fx.bytes": outcome.bytes });
      span?.end();
      return outcome;
    } catch (error) {
      span?.end(error);
      throw error;
    }
  };
}
