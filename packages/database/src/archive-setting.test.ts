import { readEnv } from "@fx-ohlc/service-kit";
import { readArchivePlace } from "./archive/store-options.js";
import { archiveSpelling, isArchiveUrl } from "./archive-setting.js";
import { migrateOptions } from "./migrate-options.js";

const DATABASE_URL = "postgres://localhost/fx";

test.each([
  ["s3://bucket/fx/", "s3://bucket/fx"],
  ["s3://bucket/", "s3://bucket"],
  ["s3://bucket/a b", "s3://bucket/a%20b"],
  ["file:///srv/archive/", "file:///srv/archive"],
  ["file:///srv/./a%72chive//", "file:///srv/archive"],
])("%s is the place %s, and recorded so", (url, place) => {
  const env = { DATABASE_URL, ARCHIVE_URL: url };
  expect(archiveSpelling(place)).toBe(place);
  expect(readEnv(env, migrateOptions).archiveUrl).toBe(place);
  expect(readEnv(env, readArchivePlace).archiveUrl).toBe(place);
});

test.each([
  "file:///",
  "file://host/a",
  "file:///a%2Fb",
  "file:///a%00",
  "file:///%zz",
  "s3://",
  "s3://B/x",
  "s3://b/x?y",
  "/a",
])("%s is no place, and the variable is named", (url) => {
  expect(isArchiveUrl(url)).toBe(false);
  const env = { DATABASE_URL, ARCHIVE_URL: url };
  expect(() => readEnv(env, migrateOptions)).toThrow("ARCHIVE_URL must be");
  expect(() => readEnv(env, readArchivePlace)).toThrow("ARCHIVE_URL must be");
});

test.each(["minio:9000", "//minio", "http://", "http://key:secret@minio:9000"])(
  "an endpoint such as %s is refused, and the variable is named",
  (endpoint) => {
    const env = { ARCHIVE_URL: "s3://bucket/fx", ARCHIVE_ENDPOINT: endpoint };
    expect(() => readEnv(env, readArchivePlace)).toThrow("ARCHIVE_ENDPOINT must be");
  },
);
