import { addableSymbols, type Database, lockSymbols, readCommitRules, type Transaction } from "@fx-ohlc/database";
import type { SymbolChange } from "@fx-ohlc/schemas";
import type { Config } from "../config.js";

/** What the table says of a symbol; null: nothing. Times as microseconds. */
export interface SymbolRow {
  readonly symbol: string;
  readonly first_heard: number | null;
  readonly last_heard: number | null;
  readonly quotes: boolean;
  readonly digits: number | null;
  readonly pip: number | null;
  readonly session: string | null;
  readonly kind: string | null;
  readonly description: string | null;
  readonly quiet_after_s: number | null;
}

/** What became of the removal of a symbol; one that holds ticks or bars stays. */
export type Removal = "removed" | "unknown" | "holds_something";

/** What an operator does to symbols. Like every writer it locks the symbol first. */
export class SymbolTable {
  constructor(
    private readonly database: Database,
    private readonly rules: Pick<Config, "symbolsMax">,
  ) {}

  /**
   * Records what is said of a symbol, which is added where it is not there.
   *
   * @returns its row; undefined when there are as many symbols as there may be
   */
  put(symbol: string, said: SymbolChange): Promise<SymbolRow | undefined> {
    return this.change(symbol, async (transaction) => {
      const { unknown, room } = await addableSymbols(transaction, [symbol], this.rules.symbolsMax);
      if (unknown.size > room) return undefined;
      await transaction`
        insert into symbols (symbol, first_heard) values (${symbol}, fx_now()) on conflict (symbol) do nothing`;
      const changes = Object.entries(said).filter(([, value]) => value !== undefined);
      if (changes.length > 0) {
        await transaction`update symbols set ${transaction(Object.fromEntries(changes))} where symbol = ${symbol}`;
      }
      const [row] = await transaction<SymbolRow[]>`select * from symbols where symbol = ${symbol}`;
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
