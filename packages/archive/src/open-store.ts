import { FileStore } from "./file-store.js";
import type { ArchiveStore } from "./store.js";

/** What a store in the cloud is reached with; credentials come by the standard chain of its own library. */
export interface StoreOptions {
  /** Another server than Amazon's, such as MinIO's. */
  readonly endpoint?: string | undefined;
  /** Undefined: as the library finds it. */
  readonly region?: string | undefined;
  /** How the server encrypts what it keeps. */
  readonly encryption?: "AES256" | "aws:kms" | undefined;
  /** Of one try, ms. */
  readonly timeoutMs?: number | undefined;
  readonly triesMax?: number | undefined;
}

/** Opens `file:///…` or `s3://bucket/prefix`. Nothing is connected before it is used. */
export async function openStore(url: string, options: StoreOptions = {}): Promise<ArchiveStore> {
  if (url.startsWith("file:")) return new FileStore(url);
  if (!url.startsWith("s3:")) throw new Error("the archive's URL must be file:///… or s3://bucket/…");
  const { S3Store } = await import("./s3-store.js");
  return new S3Store(url, options);
}
