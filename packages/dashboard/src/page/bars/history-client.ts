import { type ClientOptions, FxClient, ProblemError } from "@fx-ohlc/client";

/**
 * A client for bars and ticks of the past.
 *
 * @param onWaiting told why an answer is not there yet, such as days whose ticks lie in an archive that is away; empty once it is
 */
export function historyClient(options: ClientOptions, onWaiting: (why: string) => void): FxClient {
  return new FxClient({
    ...options,
    onRetry: ({ error }) => {
      if (error instanceof ProblemError && error.problem.detail) onWaiting(error.problem.detail);
    },
    onRecovery: () => onWaiting(""),
  });
}
