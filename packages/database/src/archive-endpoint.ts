import type { EnvReader } from "@fx-ohlc/service-kit";

/** Where a server of S3's is that is not Amazon's: `http://minio:9000`. Credentials come another way, and stand in no URL. */
export function readArchiveEndpoint(env: EnvReader): string | undefined {
  const endpoint = env.url("ARCHIVE_ENDPOINT", "http", { default: undefined });
  env.rule(
    ["ARCHIVE_ENDPOINT"],
    // What is no URL was refused above.
    endpoint === undefined || !URL.canParse(endpoint) || isPlain(endpoint),
    "must be http(s)://HOST:PORT, without credentials",
  );
  return endpoint;
}

function isPlain(endpoint: string): boolean {
  const { username, password, search, hash } = new URL(endpoint);
  return username === "" && password === "" && search === "" && hash === "";
}
