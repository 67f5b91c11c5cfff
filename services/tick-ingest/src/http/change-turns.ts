import type { IncomingMessage } from "node:http";
import type { Database } from "@fx-ohlc/database";
import { type Caller, callerNetwork, type FairTurns, requireCurrent } from "@fx-ohlc/service-kit";

/** The turns of all who change what is stored, so that none of them keeps the database's connections from the ticks. */
export class ChangeTurns {
  constructor(
    private readonly database: Database,
    private readonly turns: FairTurns,
  ) {}

  /**
   * Makes a change when it is its caller's turn. What he was admitted by may be no more by then, and so may the database.
   *
   * @throws Problem 401 when his token has ended meanwhile, 503 when too many wait
   * @throws DatabaseUnavailableError when the database went away: whoever waited has been told
   */
  run<T>(req: IncomingMessage, caller: Caller, change: () => Promise<T>): Promise<T> {
    return this.turns.run(callerNetwork(req), () => {
      this.database.assertAvailable();
      requireCurrent(caller);
      return change();
    });
  }
}
