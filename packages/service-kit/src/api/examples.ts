/** One request of a route, as it was really sent. */
export interface RecordedRequest {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly mediaType?: string;
  readonly body?: unknown;
}

/** One answer, as it really came. */
export interface RecordedAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly mediaType?: string;
  readonly body?: unknown;
}

/** What happened when a route was asked: the request of its first answer stands for the route. */
export interface RecordedRoute {
  readonly request: RecordedRequest;
  /** By status and media type: `200 application/json`. */
  readonly answers: Readonly<Record<string, RecordedAnswer>>;
}

/** Recorded examples by operation id. */
export type RecordedExamples = Readonly<Record<string, RecordedRoute>>;

/** Where an answer is kept. */
export function answerKey(status: number | string, mediaType: string | undefined): string {
  return mediaType === undefined ? String(status) : `${status} ${mediaType}`;
}
