import {
  addableSymbols,
  type Database,
  lockSymbols,
  readCommitRules,
  type SymbolRow,
  symbolsJson,
  type Transaction,
} from "@fx-ohlc/database";
import { MarketSessions, type SymbolChange, type SymbolJson } from "@fx-ohlc/schemas";
import type { Config } from "../config.js";

/** What became of the removal of a symbol; one that holds ticks or bars stays. */
export type Removal = "removed" | "unknown" | "holds_something";

/** What an operator does to symbols. Like every writer it locks the symbol first. */
export class SymbolTable {
  private readonly sessions: MarketSessions;

  constructor(
    private readonly database: Database,
    private readonly rules: Pick<Config, "symbolsMax" | "marketSessions">,
  ) {
    this.sessions = new MarketSessions(rules.marketSessions);
  }

  /**
   * Records what is said of a symbol, which is added where it is not there.
   *
   * @returns the symbol as it is read from then on; undefined when there are as many symbols as there may be
   */
  async put(symbol: string, said: SymbolChange): Promise<SymbolJson | undefined> {
    const row = await this.record(symbol, said);
    if (row === undefined) return undefined;
    // After the transaction, which holds the symbol's lock: its writers do not wait for what is only told.
    const { sql, settings } = this.database;
    const source = { sql, engine: settings.engine, nowUs: this.database.nowUs() };
    const [json] = await symbolsJson(source, [row], this.sessions);
    return json;
  }

  private record(symbol: string, said: SymbolChange): Promise<SymbolRow | undefined> {
    return this.change(symbol, async (transaction) => {
      const { unknown, room } = await addableSymbols(transaction, [symbol], this.rules.symbolsMax);
      if (unknown.size > room) return undefined;
      await transaction`
        insert into symbols (symbol, first_heard) values (${symbol}, fx_now()) on conflict (symbol) do nothing`;
      const changes = Object.entries(said).filter(([, value]) => value !== undefined);
      if (changes.length > 0) {
        await transaction`update symbols set ${transaction(Object.fromEntries(changes))} where symbol = ${symbol}`;
      }
      const [row] = await transaction<SymbolRow[]>`
        select symbol, last_heard, quotes, digits, pip, session, kind, description, quiet_after_s
          from symbols where symbol = ${symbol}`;
      return row;
    });
  }

  /** Removes a symbol that holds nothing. */
  remove(symbol: string): Promise<Removal> {
    return this.change(symbol, async (transaction) => {
      const [held] = await transaction<{ something: boolean }[]>`
        select exists (select 1 from ticks where symbol = ${symbol})
            or exists (select 1 from ohlc_minute where symbol = ${symbol} and bucket >= '1969-12-30 00:00:00+00')
            or exists (select 1 from ohlc_hour   where symbol = ${symbol} and bucket >= '1969-12-30 00:00:00+00')
            or exists (select 1 from ohlc_day    where symbol = ${symbol} and bucket >= '1969-12-30 00:00:00+00')
            as something`;
      if (held?.something !== false) return "holds_something";
      const { count } = await transaction`delete from symbols where symbol = ${symbol}`;
      return count === 0 ? "unknown" : "removed";
    });
  }

  private change<T>(symbol: string, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const change = async (transaction: Transaction): Promise<T> => {
      await lockSymbols(transaction, [symbol]);
      this.database.assertIdentity((await readCommitRules(transaction)).identity);
      return work(transaction);
    };
    const changing = this.database.sql.begin(change) as Promise<T>; // postgres.js unwraps arrays in its type.
    changing.catch((error: unknown) => this.database.noteWriteError(error));
    return changing;
  }
}
