import { FxClient, type RetryEvent, type RetryPolicy } from "@fx-ohlc/client";

/** Waits between attempts grow to 5 s: soon enough for a person who watches, no load for a service that is starting. */
const WAIT = { baseMs: 200, capMs: 5_000 };

/** Says once that the service is away, and once that it is back. */
export interface Trouble {
  began(error: Error): void;
  ended(): void;
}

/**
 * A client that rides out the service's absence.
 *
 * @param attemptsMax 50 are some two minutes
 */
export function patientClient(url: string, attemptsMax: number, trouble: Trouble): FxClient {
  let away = false;
  const retry: Partial<RetryPolicy> = { ...WAIT, attemptsMax };
  const onRetry = ({ error }: RetryEvent) => {
    if (!away) trouble.began(error);
    away = true;
  };
  const onRecovery = () => {
    if (away) trouble.ended();
    away = false;
  };
  return new FxClient({ url, retry, onRetry, onRecovery });
}
