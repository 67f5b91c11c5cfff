/**
 * What clients write after their request line, in their order and spelling: those of Java, curl, Python and polars as they were
 * captured in 2026, the others as they are known to. `HOST` stands for the authority.
 */
export const JAVA = [
  "Connection: Upgrade, HTTP2-Settings",
  "Host: HOST",
  "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA",
  "Upgrade: h2c",
  "User-Agent: Java-http-client/17.0.15",
] as const;

export const CURL = ["Host: HOST", "User-Agent: curl/7.88.1", "Accept: */*"] as const;

export const CURL_HTTP2 = [
  ...CURL,
  "Connection: Upgrade, HTTP2-Settings",
  "Upgrade: h2c",
  "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
] as const;

export const GO = ["Host: HOST", "User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip"] as const;

export const REQUESTS = [
  "Host: HOST",
  "User-Agent: python-requests/2.34.2",
  "Accept-Encoding: gzip, deflate",
  "Accept: */*",
  "Connection: keep-alive",
] as const;

/** As pandas opens addresses; requests of its own it does not make. */
export const URLLIB = ["Accept-Encoding: identity", "Host: HOST", "User-Agent: Python-urllib/3.11"] as const;

export const AIOHTTP = [
  "Host: HOST",
  "Accept: */*",
  "Accept-Encoding: gzip, deflate",
  "User-Agent: Python/3.11 aiohttp/3.14.5",
] as const;

export const POLARS = ["accept: */*", "user-agent: polars/0.55.1", "host: HOST"] as const;

export const REQWEST = ["accept: */*", "host: HOST"] as const;

export const METATRADER = [
  "Accept: */*",
  "Accept-Language: en",
  "Accept-Charset: *,utf-8",
  "User-Agent: MetaTrader 5 Terminal/5.5320 (Windows NT 10.0.19045; x64)",
  "Host: HOST",
  "Connection: Keep-Alive",
] as const;

export const DOTNET = ["Host: HOST"] as const;

export const POWERSHELL = [
  "User-Agent: Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.5607",
  "Host: HOST",
  "Connection: Keep-Alive",
] as const;

export const FLUENT_BIT = ["Host: HOST", "User-Agent: Fluent-Bit"] as const;

export const BROWSER = [
  "Host: HOST",
  "Connection: keep-alive",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Accept: */*",
  "Accept-Encoding: gzip, deflate, br, zstd",
  "Accept-Language: en-US,en;q=0.9",
] as const;

/** `fopen` of an address speaks HTTP/1.0 before PHP 8.5. */
export const PHP = ["Host: HOST", "Connection: close"] as const;

export const AB = ["Connection: Keep-Alive", "Host: HOST", "User-Agent: ApacheBench/2.3", "Accept: */*"] as const;

export const JSON_TYPE = "Content-Type: application/json";
export const CSV_TYPE = "Content-Type: text/csv";
export const NDJSON_TYPE = "Content-Type: application/x-ndjson";
