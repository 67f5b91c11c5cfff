import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { TICKS_FOLDER } from "./layout.js";
import type { StoreOptions } from "./open-store.js";
import { isStatus, tellingOfFailures } from "./s3-failures.js";
import { type ArchiveStore, type ByteRange, FileMissingError, type StoredFile, type Upload } from "./store.js";

/** What S3 takes as a part that is not the last is 5 MiB at least. */
const PART_BYTES = 8 << 20;
const CONNECT_TIMEOUT_MS = 5000;
/** Of one try, and of a wait within an answer: a store that stalls is away. */
const TIMEOUT_MS = 30_000;
const TRIES_MAX = 4;
/** What others than Amazon sign with, where nobody says another one; and where Amazon tells in which region a bucket is. */
const REGION = "us-east-1";
/** Requests that may be under way. */
const REQUESTS_MAX = 16;

interface Place {
  readonly Bucket: string;
  readonly Key: string;
}

/** A dataset in a bucket of S3, or of whatever speaks its language. */
export class S3Store implements ArchiveStore {
  private readonly client: S3Client;
  private readonly bucket: string;
  private readonly prefix: string;
  private readonly encryption: { ServerSideEncryption?: "AES256" | "aws:kms" };

  /** @param url such as `s3://bucket/fx` */
  constructor(
    readonly url: string,
    { endpoint, region, encryption, timeoutMs = TIMEOUT_MS, triesMax = TRIES_MAX }: StoreOptions,
  ) {
    const { hostname, pathname } = new URL(url);
    this.bucket = hostname;
    this.prefix = decodeURIComponent(pathname.replace(/^\/|\/$/g, "")).replace(/(.)$/, "$1/");
    this.encryption = encryption === undefined ? {} : { ServerSideEncryption: encryption };
    this.client = new S3Client({
      // Others than Amazon's have no host for each bucket.
      ...(endpoint === undefined ? { followRegionRedirects: true } : { endpoint, forcePathStyle: true }),
      region: region ?? onlyOnce(regionOfChain),
      maxAttempts: triesMax,
      // Not every server knows the checksums that the library adds by itself; what is written is read back anyway.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        connectionTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
        requestTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        throwOnRequestTimeout: true,
        httpAgent: { maxSockets: REQUESTS_MAX },
        httpsAgent: { maxSockets: REQUESTS_MAX },
      },
    });
  }

  read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    if (range !== undefined && range.to <= range.from) return Promise.resolve(new Uint8Array(0));
    const Range = range === undefined ? undefined : `bytes=${range.from}-${range.to - 1}`;
    return tellingOfFailures(path, async () => {
      const command = new GetObjectCommand({ ...this.placeOf(path), Range });
      try {
        const { Body } = await this.client.send(command, signal === undefined ? {} : { abortSignal: signal });
        return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
      } catch (error) {
        // Behind its end a file has no bytes, here as in a folder: it is shorter than somebody believes.
        if (isStatus(error, 416)) return new Uint8Array(0);
        throw error;
      }
    });
  }

  async find(path: string): Promise<StoredFile | undefined> {
    try {
      return await tellingOfFailures(path, async () => {
        const found = await this.client.send(new HeadObjectCommand(this.placeOf(path)));
        return { path, bytes: found.ContentLength ?? 0, modifiedMs: found.LastModified?.getTime() ?? 0 };
      });
    } catch (error) {
      if (error instanceof FileMissingError) return undefined;
      throw error;
    }
  }

  async *list(folder: string): AsyncIterable<StoredFile> {
    let next: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.bucket,
        Prefix: `${this.prefix}${folder}`,
        ContinuationToken: next,
      });
      const page = await tellingOfFailures(folder, () => this.client.send(command));
      for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
        yield { path: Key.slice(this.prefix.length), bytes: Size, modifiedMs: LastModified?.getTime() ?? 0 };
      }
      next = page.NextContinuationToken;
    } while (next !== undefined);
  }

  write(path: string, bytes: Uint8Array): Promise<void> {
    return tellingOfFailures(path, async () => {
      await this.client.send(new PutObjectCommand({ ...this.placeOf(path), ...this.encryption, Body: bytes }));
    });
  }

  async upload(path: string): Promise<Upload> {
    return new S3Upload(this.client, this.placeOf(path), this.encryption, (bytes) => this.write(path, bytes));
  }

  async move(from: string, to: string): Promise<void> {
    // Signs that need no code are left as they are: not every server decodes them.
    const CopySource = encodeURI(`${this.bucket}/${this.prefix}${from}`).replace(/[+?#&]/g, encodeURIComponent);
    await tellingOfFailures(from, () =>
      this.client.send(new CopyObjectCommand({ ...this.placeOf(to), ...this.encryption, CopySource })),
    );
    await this.remove(from);
  }

  remove(path: string): Promise<void> {
    return tellingOfFailures(path, async () => {
      await this.client.send(new DeleteObjectCommand(this.placeOf(path)));
    });
  }

  /** Of the folder of ticks alone: a bucket may have other users. */
  async clearUploads(begunBeforeMs: number): Promise<void> {
    const asked = { Bucket: this.bucket, Prefix: `${this.prefix}${TICKS_FOLDER}` };
    let next: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (next !== undefined) {
      const page: ListMultipartUploadsCommandOutput | undefined = await this.listUploads({ ...asked, ...next });
      for (const { Key, UploadId, Initiated } of page?.Uploads ?? []) {
        if (Key === undefined || Initiated === undefined || Initiated.getTime() >= begunBeforeMs) continue;
        await this.abortUpload({ Bucket: this.bucket, Key, UploadId });
      }
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page ?? {};
      next = page?.IsTruncated === true && KeyMarker !== undefined ? { KeyMarker, UploadIdMarker } : undefined;
    }
  }

  async close(): Promise<void> {
    this.client.destroy();
  }

  /** Some servers list no uploads: what is left of one is theirs to remove. */
  private async listUploads(
    asked: ListMultipartUploadsCommandInput,
  ): Promise<ListMultipartUploadsCommandOutput | undefined> {
    return tellingOfFailures("", async () => {
      try {
        return await this.client.send(new ListMultipartUploadsCommand(asked));
      } catch (error) {
        if (isStatus(error, 501)) return undefined;
        throw error;
      }
    });
  }

  private async abortUpload(upload: Place & { readonly UploadId: string | undefined }): Promise<void> {
    try {
      await tellingOfFailures(upload.Key, () => this.client.send(new AbortMultipartUploadCommand(upload)));
    } catch (error) {
      // Somebody else has ended it, or it was finished meanwhile.
      if (!(error instanceof FileMissingError)) throw error;
    }
  }

  private placeOf(path: string): Place {
    return { Bucket: this.bucket, Key: `${this.prefix}${path}` };
  }
}

/** A file of one part is put at once; a larger one is uploaded by parts, and is nowhere before its end. */
class S3Upload implements Upload {
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private uploadId: string | undefined;
  private readonly parts: CompletedPart[] = [];

  constructor(
    private readonly client: S3Client,
    private readonly place: Place,
    private readonly encryption: { ServerSideEncryption?: "AES256" | "aws:kms" },
    private readonly put: (bytes: Uint8Array) => Promise<void>,
  ) {}

  async write(bytes: Uint8Array): Promise<void> {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes >= PART_BYTES) await this.sendPart();
  }

  async finish(): Promise<void> {
    if (this.uploadId === undefined) {
      await this.put(this.take());
      return;
    }
    if (this.waitingBytes > 0) await this.sendPart();
    const { place, uploadId: UploadId, parts: Parts } = this;
    const command = new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } });
    await tellingOfFailures(place.Key, () => this.client.send(command));
  }

  async abort(): Promise<void> {
    this.take();
    const { place, uploadId: UploadId } = this;
    if (UploadId === undefined) return;
    await this.client.send(new AbortMultipartUploadCommand({ ...place, UploadId })).catch(() => {});
  }

  private take(): Uint8Array {
    const bytes = Buffer.concat(this.waiting);
    this.waiting = [];
    this.waitingBytes = 0;
    return bytes;
  }

  private async sendPart(): Promise<void> {
    await tellingOfFailures(this.place.Key, async () => {
      this.uploadId ??= (
        await this.client.send(new CreateMultipartUploadCommand({ ...this.place, ...this.encryption }))
      ).UploadId;
      const PartNumber = this.parts.length + 1;
      const part = { ...this.place, UploadId: this.uploadId, PartNumber, Body: this.take() };
      const { ETag } = await this.client.send(new UploadPartCommand(part));
      this.parts.push({ ETag, PartNumber });
    });
  }
}

/** The library asks with each request. */
function onlyOnce<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= find();
    return found;
  };
}

/** As Amazon's library finds it: in the environment, or in the profile of its files. */
async function regionOfChain(): Promise<string> {
  const client = new S3Client({});
  try {
    return await client.config.region();
  } catch {
    return REGION;
  } finally {
    client.destroy();
  }
}
