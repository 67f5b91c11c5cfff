import type { IncomingMessage, ServerResponse } from "node:http";
import { QUERY_ROUTES, UDF_ROUTES } from "@fx-ohlc/contract";
import { formatTime, type Micros } from "@fx-ohlc/schemas";
import {
  type BoundRoute,
  bindRoutes,
  type Caller,
  type Ending,
  type Handler,
  type Handlers,
  type RouteDeclaration,
  type RouteDeclarations,
  type RouteParameters,
} from "@fx-ohlc/service-kit";
import { momentOf } from "../as-of/moment.js";
import { getAnchor, getClock, getDatabase, getSymbolNames } from "./anchor-route.js";
import { type Answer, AnswerSender } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { getBars, getIntervalBars, getLatestBars } from "./bar-routes.js";
import { INTERNAL_ROUTES } from "./internal-routes.js";
import { getGaps, getQuality } from "./quality-routes.js";
import { ReadDeadline } from "./read-deadline.js";
import { getRevisions } from "./revision-routes.js";
import { getSymbols, getTicks } from "./tick-routes.js";
import { getUdfConfig, getUdfHistory, getUdfSearch, getUdfSymbol, getUdfTime, withUdfErrors } from "./udf-routes.js";

/** Opens what a caller's request is answered from, until it has to end. */
export type OpenSources = (ending: Ending, caller: Caller) => BarSources;

/** Where reads are answered from. */
export interface ReadSources {
  /** The primary: what must hold everything that was committed before it was asked for. */
  readonly primary: OpenSources;
  /** A standby where there is one: what may be as old as its replication lag. */
  readonly history: OpenSources;
  /** For all reads of one request together; of a streamed answer, for each page. */
  readonly timeoutMs: number;
}

/** Answers a request whose query has been checked. */
type Read<R extends RouteDeclaration> = (
  sources: BarSources,
  req: IncomingMessage,
  query: RouteParameters<R>["query"],
  caller: Caller,
) => Promise<Answer>;
type Reads<D extends RouteDeclarations> = { readonly [Id in keyof D]: Read<D[Id]> };

/** Every route of the service. */
export function queryRoutes({ primary, history, timeoutMs }: ReadSources): BoundRoute[] {
  const sender = new AnswerSender();
  const bind = <D extends RouteDeclarations>(declarations: D, open: OpenSources, reads: Reads<D>) =>
    bindRoutes(declarations, answering({ sender, timeoutMs, open, primary }, reads));
  const { getLatestBars: latest, getRevisions: revisions, ...others } = QUERY_ROUTES;
  return [
    ...bind(others, history, {
      getBars: getIntervalBars,
      getMinuteBars: getBars("1m"),
      getHourBars: getBars("1h"),
      getDayBars: getBars("1d"),
      getCustomDayBars: getBars("1d"),
      getTicks,
      getQuality,
      getGaps,
      getSymbols,
    }),
    ...bind({ getLatestBars: latest, getRevisions: revisions }, primary, { getLatestBars, getRevisions }),
    ...bind(UDF_ROUTES, history, {
      getUdfConfig,
      getUdfTime,
      getUdfSymbol,
      searchUdfSymbols: getUdfSearch,
      getUdfHistory,
    }).map(withUdfErrors),
    ...bind(INTERNAL_ROUTES, primary, {
      getAnchor,
      getSymbolNames,
      getDatabase,
      getClock,
      getFreshBars: getIntervalBars,
      getFreshMinuteBars: getBars("1m"),
      getFreshHourBars: getBars("1h"),
      getFreshDayBars: getBars("1d"),
    }),
  ];
}

/** The same for an answer as of a moment of the past. @throws what {@link momentOf} throws */
async function sourcesAsOf(sources: BarSources, asOf: Micros): Promise<BarSources> {
  const moment = await momentOf(sources.reader, asOf);
  return { ...sources, reader: sources.reader.at(moment.us), pages: sources.pagesAsOf(moment), moment };
}

/** What a standby has answered may be without the newest commits. */
function describeAge(res: ServerResponse, asOfUs: Micros | undefined): void {
  if (asOfUs !== undefined) res.setHeader("X-Data-As-Of", formatTime(asOfUs));
}

/** Calls back when an answer has been read; of a long one before the first of its rows are. */
function whenRead(answer: Answer, callback: () => void): Answer {
  if (!("read" in answer)) {
    callback();
    return answer;
  }
  const read = async () => {
    const made = await answer.read();
    callback();
    return made;
  };
  return { ...answer, read };
}

/** What requests of some routes are answered with. */
interface Answering {
  readonly sender: AnswerSender;
  readonly timeoutMs: number;
  readonly open: OpenSources;
  /** What knows of everything that was recorded before a moment of the past. */
  readonly primary: OpenSources;
}

function answering<D extends RouteDeclarations>(
  { sender, timeoutMs, open, primary }: Answering,
  reads: Reads<D>,
): Handlers<D> {
  const handlers = Object.entries<Read<RouteDeclaration>>(reads).map(([id, read]): [string, Handler] => [
    id,
    async (req, res, { query, caller }) => {
      const deadline = new ReadDeadline(res, timeoutMs, caller);
      try {
        await caller.quota?.take("rows_per_second", 0);
        const asOf = (query as { readonly as_of?: Micros } | undefined)?.as_of; // Declared as this where a route has it.
        const sources =
          asOf === undefined ? open(deadline, caller) : await sourcesAsOf(primary(deadline, caller), asOf);
        const ageOf = sources.reader.watchAge();
        const answer = await read(sources, req, query, caller);
        await sender.send(
          req,
          res,
          whenRead(answer, () => describeAge(res, ageOf())),
          deadline,
        );
      } catch (error) {
        // Who has left is told nothing: what he asked for was cancelled.
        if (!res.closed) throw error;
      } finally {
        deadline.pause();
      }
    },
  ]);
  return Object.fromEntries(handlers) as Handlers<D>; // One for each of the reads, under its id.
}
