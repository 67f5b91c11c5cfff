import type { DtoClass, FieldSchema, Shape } from "@fx-ohlc/schemas";
import type { Guarded } from "../access.js";
import type { ProblemCode } from "../problem.js";
import type { RequestHeader, ShownHeaders } from "./headers.js";

/** An object of a class, objects of a class column by column, or a schema of its own. */
export type BodySchema = Shape | { readonly columnsOf: Shape } | { readonly schema: FieldSchema };

/** Bodies by media type. */
export type Content = Readonly<Record<string, BodySchema>>;

/** One way to answer that is no problem. */
export interface AnswerDeclaration {
  readonly description: string;
  readonly content?: Content;
  /** Headers besides `X-Request-Id`: whether they are always there. */
  readonly headers?: ShownHeaders;
}

/**
 * A route as it is declared: once, for the service that answers it and for the documents that describe it. What is not in
 * here is refused by the service, and what is in here was seen by a test.
 */
export interface RouteDeclaration extends Guarded {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With parameters in braces: `/ticks/{symbol}/{time}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** The chapter of the document. */
  readonly tag: string;
  /** Parameters of the path. */
  readonly pathDto?: DtoClass<object>;
  /** Without one any parameter is refused, but where `anyQuery` says otherwise. */
  readonly queryDto?: DtoClass<object>;
  /** Monitors and browsers append what they like: such a route ignores it. */
  readonly anyQuery?: true;
  readonly requestHeaders?: readonly RequestHeader[];
  readonly body?: Content;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDeclaration>>;
  readonly problems: readonly ProblemCode[];
  /** Problems of this route that say more than every problem does. */
  readonly problemShape?: Shape;
  /** How this route says no, where its protocol has a form of its own: a name for the documents, the body, and more headers. */
  readonly refusals?: { readonly name: string; readonly content: Content; readonly headers?: ShownHeaders };
  /**
   * Not in any document. Only for what no client of the API asks for: `/internal/…`, which other services call and the edge
   * does not lead to; `/system/…`, the edge's own way to the documents; and the files that a document's page loads.
   */
  readonly hidden?: true;
}

/** Routes by operation id. */
export type RouteDeclarations = Readonly<Record<string, RouteDeclaration>>;

/** Keeps the exact types of declarations, and holds them to the interface. */
export function declareRoutes<const D extends RouteDeclarations>(declarations: D): D {
  return declarations;
}

/** A list of objects of a class. */
export function listOf(shape: Shape): BodySchema {
  return { schema: (ref) => ({ type: "array", items: ref(shape) }) };
}
