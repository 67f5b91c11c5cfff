/** What was really sent to a route and what really came back. */
export interface RecordedRoute {
  /** Parameters of one request that was answered well. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Bodies of requests that were answered well, by media type. */
  readonly bodies: Readonly<Record<string, unknown>>;
  /** Bodies of answers by status and media type: `200 application/json`. */
  readonly answers: Readonly<Record<string, unknown>>;
}

/** Recorded examples by operation id. */
export type RecordedExamples = Readonly<Record<string, RecordedRoute>>;

/** Where an answer is kept. */
export function answerKey(status: number | string, mediaType: string): string {
  return `${status} ${mediaType}`;
}
