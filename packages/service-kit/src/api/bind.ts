import type { IncomingMessage, ServerResponse } from "node:http";
import { checkDto, type DtoClass, splitSide } from "@fx-ohlc/schemas";
import { type Caller, requireSymbols } from "../access.js";
import { invalid, type Problem } from "../problem.js";
import { readQuery, refuseQuery } from "../query.js";
import type { RouteDeclaration, RouteDeclarations } from "./route.js";

type InstanceOf<D> = D extends DtoClass<infer T> ? T : undefined;

/** The checked parameters of a request, and who makes it. */
export interface RouteParameters<R extends RouteDeclaration> {
  readonly path: InstanceOf<R["pathDto"]>;
  readonly query: InstanceOf<R["queryDto"]>;
  /** May touch every symbol that `path` and `query` name; those in a body are for the handler to ask for. */
  readonly caller: Caller;
}

/** Answers a route whose parameters have been checked. What it throws is mapped to a problem. */
export type Handler<R extends RouteDeclaration = RouteDeclaration> = (
  req: IncomingMessage,
  res: ServerResponse,
  parameters: RouteParameters<R>,
) => void | Promise<void>;

/** A handler for every declared route, and for no other. */
export type Handlers<D extends RouteDeclarations> = { readonly [Id in keyof D]: Handler<D[Id]> };

/** A route with what answers it. */
export interface BoundRoute {
  readonly declaration: RouteDeclaration;
  /** @param values of the parameters in the path */
  answer(
    req: IncomingMessage,
    res: ServerResponse,
    values: Readonly<Record<string, string>>,
    caller: Caller,
  ): void | Promise<void>;
  /** Answers a problem of this route, where its protocol has a form of its own for them. */
  readonly refuse?: (res: ServerResponse, problem: Problem) => void;
}

/** Joins declarations with their handlers. */
export function bindRoutes<D extends RouteDeclarations>(declarations: D, handlers: Handlers<D>): BoundRoute[] {
  return Object.entries(declarations).map(([id, declaration]) => {
    // By the type of Handlers there is one for each id, and it takes what its declaration gives.
    const handler = handlers[id as keyof D] as Handler;
    return {
      declaration,
      answer: (req, res, values, caller) => {
        const { path, query } = readParameters(declaration, req.url ?? "", values);
        if (caller.symbols !== undefined) requireSymbols(caller, [...symbolsIn(path), ...symbolsIn(query)]);
        return handler(req, res, { path, query, caller });
      },
    };
  });
}

function readParameters(
  { pathDto, queryDto, anyQuery }: RouteDeclaration,
  target: string,
  values: Readonly<Record<string, string>>,
): Omit<RouteParameters<RouteDeclaration>, "caller"> {
  const path = pathDto === undefined ? undefined : readPath(pathDto, values);
  if (queryDto !== undefined) return { path, query: readQuery(queryDto, target) };
  if (anyQuery !== true) refuseQuery(target);
  return { path, query: undefined };
}

/** Wherever a parameter names symbols it is called `symbol`: one, or a side of it, or a list of them. */
function symbolsIn(parameters: object | undefined): readonly string[] {
  const symbol: unknown = parameters !== undefined && "symbol" in parameters ? parameters.symbol : undefined;
  if (typeof symbol === "string") return [splitSide(symbol).symbol];
  return Array.isArray(symbol) ? symbol : [];
}

/** @throws Problem 422 naming every invalid value */
function readPath(dto: DtoClass<object>, values: Readonly<Record<string, string>>): object {
  const checked = checkDto(dto, values);
  if (!checked.ok) throw invalid(checked.errors);
  return checked.value;
}
