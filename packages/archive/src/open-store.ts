import { FileStore } from "./file-store.js";
import type { ArchiveStore } from "./store.js";

/** What a store in the cloud is reached with; credentials come by the standard chain of its own library. */
export interface StoreOptions {
  /** Another server than Amazon's, such as MinIO's. */
  readonly endpoint?: string | undefined;
  /** How the server encrypts what it keeps. */
  readonly encryption?: "AES256" | "aws:kms" | undefined;
}

/** Whether a text names a place that {@link openStore} can open. */
export function isStoreUrl(url: string): boolean {
  return /^file:\/\/\/./.test(url) || /^s3:\/\/[a-z0-9][a-z0-9.-]+(\/|$)/.test(url);
}

/** Opens `file:///…` or `s3://bucket/prefix`. Nothing is connected before it is used. */
export async function openStore(url: string, options: StoreOptions = {}): Promise<ArchiveStore> {
  if (!isStoreUrl(url)) throw new Error("the archive's URL must be file:///… or s3://bucket/…");
  if (url.startsWith("file:")) return new FileStore(url);
  const { S3Store } = await import("./s3-store.js");
  return new S3Store(url, options);
}
