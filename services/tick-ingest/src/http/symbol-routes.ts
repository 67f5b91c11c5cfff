import type { INGEST_ROUTES } from "@fx-ohlc/contract";
import type { Database } from "@fx-ohlc/database";
import { checkDto, SymbolDto } from "@fx-ohlc/schemas";
import { type Handlers, invalid, Problem, sendJson } from "@fx-ohlc/service-kit";
import type { SymbolTable } from "../write/symbol-table.js";
import type { ChangeTurns } from "./change-turns.js";
import { tooManySymbols } from "./refusals.js";
import { readJson } from "./request-body.js";

const BODY_BYTES_MAX = 16 * 1024;

/** `PUT` and `DELETE /symbols/{symbol}`. */
export function symbolHandlers({
  database,
  symbolTable,
  turns,
}: {
  readonly database: Database;
  readonly symbolTable: SymbolTable;
  readonly turns: ChangeTurns;
}): Pick<Handlers<typeof INGEST_ROUTES>, "putSymbol" | "deleteSymbol"> {
  return {
    putSymbol: async (req, res, { path: { symbol }, caller }) => {
      const body = checkDto(SymbolDto, await readJson(req, caller, BODY_BYTES_MAX));
      if (!body.ok) throw invalid(body.errors);
      const known = await database.whileAvailable(() =>
        turns.run(req, caller, () => symbolTable.put(symbol, body.value)),
      );
      if (known === undefined) throw tooManySymbols();
      sendJson(res, 200, known);
    },

    deleteSymbol: async (req, res, { path: { symbol }, caller }) => {
      const removal = await database.whileAvailable(() => turns.run(req, caller, () => symbolTable.remove(symbol)));
      if (removal === "unknown") throw new Problem("not_found", `there is no symbol ${symbol}`);
      if (removal === "holds_something") {
        throw new Problem(
          "conflict",
          `${symbol} holds ticks or bars: delete its ticks, and wait for its bars to follow`,
        );
      }
      res.writeHead(204).end();
    },
  };
}
