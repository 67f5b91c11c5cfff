import type { ArchiveStore, StoreOptions } from "@fx-ohlc/archive";
import { openStore } from "@fx-ohlc/archive";
import type { EnvReader } from "@fx-ohlc/service-kit";
import { readArchiveEndpoint } from "../archive-endpoint.js";
import { archiveSpelling, isArchiveUrl } from "../archive-setting.js";

/** Where the archive is, and what it is reached with. */
export interface ArchivePlace {
  readonly archiveUrl: string;
  readonly store: StoreOptions;
}

/** Reads `ARCHIVE_URL` and what goes with it. Credentials are read by the store's own library. */
export function readArchivePlace(env: EnvReader): ArchivePlace {
  const archiveUrl = env.string("ARCHIVE_URL");
  env.rule(["ARCHIVE_URL"], archiveUrl === undefined || isArchiveUrl(archiveUrl), "must be file:///… or s3://bucket/…");
  return {
    archiveUrl: archiveUrl === undefined ? archiveUrl : archiveSpelling(archiveUrl),
    store: {
      endpoint: readArchiveEndpoint(env),
      region: env.string("AWS_REGION", { default: undefined }),
      encryption: env.choice("ARCHIVE_ENCRYPTION", ["AES256", "aws:kms"], { default: undefined }),
    },
  };
}

export function openArchive({ archiveUrl, store }: ArchivePlace): Promise<ArchiveStore> {
  return openStore(archiveUrl, store);
}
