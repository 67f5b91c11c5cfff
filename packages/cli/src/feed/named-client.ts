import { FxClient, type RetryEvent } from "@fx-ohlc/client";
import { InvalidArgumentError } from "commander";
import type { Connection } from "../connection.js";

/** How long to wait for a service that is away: as long as it takes. */
const PATIENCE = { attemptsMax: Number.POSITIVE_INFINITY, baseMs: 200, capMs: 5_000 };

const FEED_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._:@+-]{0,62}[A-Za-z0-9])?$/;

/** Reads what a feed calls itself. */
export function parseFeedName(raw: string): string {
  if (FEED_NAME.test(raw)) return raw;
  throw new InvalidArgumentError(
    "It must be 1 to 64 of A-Z a-z 0-9 . _ : @ + - and spaces, beginning and ending with a letter or digit.",
  );
}

/** A client that says with every request whose ticks they are, and that waits for the service as long as it takes. */
export function namedClient(
  { url, token }: Connection,
  feed: string | undefined,
  told: { readonly onRetry: (event: RetryEvent) => void; readonly onRecovery: () => void },
): FxClient {
  return new FxClient({ url, token, retry: PATIENCE, ...told, fetch: namingFetch(feed) });
}

/** The global fetch, with `X-Feed` where there is a name. */
export function namingFetch(feed: string | undefined): typeof fetch {
  if (feed === undefined) return fetch;
  return (input, init) =>
    fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), "x-feed": feed } });
}
