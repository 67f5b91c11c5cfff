import { FxClient } from "@fx-ohlc/client";
import type { Connection } from "./connection.js";
import type { Terminal } from "./terminal.js";

/** Waits between attempts grow to 5 s: soon enough for a person who watches, no load for a service that is starting. */
const WAIT = { baseMs: 200, capMs: 5_000 };

/**
 * A client that rides out the service's absence.
 *
 * @param attemptsMax 50 are some two minutes
 * @param trouble told once that the service is away, and once, with undefined, that it is back
 */
export function patientClient(
  connection: Connection,
  attemptsMax: number,
  trouble: (text: string | undefined) => void,
): FxClient {
  const until = attemptsMax === Number.POSITIVE_INFINITY ? "trying until it answers" : "trying again";
  let away = false;
  return new FxClient({
    url: connection.url,
    token: connection.token,
    feed: connection.feed,
    retry: { ...WAIT, attemptsMax },
    onRetry: ({ error }) => {
      if (!away) trouble(`${error.message}; ${until}`);
      away = true;
    },
    onRecovery: () => {
      if (away) trouble(undefined);
      away = false;
    },
  });
}

/** A client that waits for the service as long as it takes, and says so. */
export function undauntedClient(connection: Connection, { say }: Terminal): FxClient {
  return patientClient(connection, Number.POSITIVE_INFINITY, (text) => say(text ?? `${connection.url} answers again`));
}
