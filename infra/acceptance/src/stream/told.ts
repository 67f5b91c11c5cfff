/** What a client was told of one symbol, in the order it was told. Ticks go by their number, see `TickBook`. */
export type Told =
  | {
      /** It follows the symbol from here on. */
      readonly kind: "follows";
      readonly atMs: number;
      /** Where the symbol's stream stands, as the gateway says; a plain endpoint does not say. */
      readonly offset?: string | undefined;
      /** Whether it goes on exactly where it was. If not, what lies between is known to be missing. */
      readonly isResumed: boolean;
    }
  | {
      readonly kind: "ticks";
      readonly offset?: string | undefined;
      readonly ticks: readonly number[];
    }
  | { readonly kind: "conflated"; readonly skipped: number; readonly range: TimeRange }
  | { readonly kind: "gap"; readonly range: TimeRange };

/** Half-open, in microseconds since 1970. */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}

export function isWithin({ fromUs, toUs }: TimeRange, us: number): boolean {
  return fromUs <= us && us < toUs;
}

/** What is wrong with an account; empty when every committed tick was told once or declared. */
export interface Fault {
  readonly kind:
    | "lost" // Committed while it was followed, and neither told nor declared.
    | "doubled" // Told twice.
    | "invented" // Told, and not stored.
    | "disordered" // Told after a tick that follows it in the stream.
    | "miscounted"; // Another number of ticks was conflated than was said.
  readonly detail: string;
}
