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
  ListObjectsV2Command,
  type MultipartUpload,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { StoreOptions } from "./open-store.js";
import {
  type ArchiveStore,
  type ByteRange,
  FileMissingError,
  type StoredFile,
  StoreUnavailableError,
  type Upload,
} from "./store.js";

/** What S3 takes as a part that is not the last is 5 MiB at least. */
const PART_BYTES = 8 << 20;
/** A file of more bytes cannot be copied in one request: none of the archive's comes near. */
const CONNECT_TIMEOUT_MS = 5000;
/** Of one try: a store that stalls is away. */
const REQUEST_TIMEOUT_MS = 30_000;
const TRIES_MAX = 4;
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
    { endpoint, region, encryption }: StoreOptions,
  ) {
    const { hostname, pathname } = new URL(url);
    this.bucket = hostname;
    this.prefix = decodeURIComponent(pathname.replace(/^\/|\/$/g, "")).replace(/(.)$/, "$1/");
    this.encryption = encryption === undefined ? {} : { ServerSideEncryption: encryption };
    this.client = new S3Client({
      // Others than Amazon's have no host for each bucket, and nothing depends on where they are.
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: region ?? "us-east-1" }),
      maxAttempts: TRIES_MAX,
      // Not every server knows the checksums that the library adds by itself; what is written is read back anyway.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
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
      const { Body } = await this.client.send(command, signal === undefined ? {} : { abortSignal: signal });
      return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
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
    // Signs that need no code are left as they are: some servers decode none of them.
    const CopySource = encodeURI(`${this.bucket}/${this.prefix}${from}`).replaceAll("+", "%2B");
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

  async clearUploads(begunBeforeMs: number): Promise<void> {
    const command = new ListMultipartUploadsCommand({ Bucket: this.bucket, Prefix: this.prefix });
    const { Uploads = [] } = await tellingOfFailures("", () => this.client.send(command).catch(unlessUnknown));
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (Initiated === undefined || Initiated.getTime() >= begunBeforeMs) continue;
      const abort = new AbortMultipartUploadCommand({ Bucket: this.bucket, Key, UploadId });
      await tellingOfFailures(Key ?? "", () => this.client.send(abort));
    }
  }

  async close(): Promise<void> {
    this.client.destroy();
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

/** Some servers list no uploads: what is left of one is theirs to remove. */
function unlessUnknown(error: unknown): { Uploads?: MultipartUpload[] } {
  if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 501) return {};
  throw error;
}

async function tellingOfFailures<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (
      error instanceof S3ServiceException &&
      error.$metadata.httpStatusCode === 404 &&
      error.name !== "NoSuchBucket"
    ) {
      throw new FileMissingError(path);
    }
    // Its own words may name credentials.
    throw new StoreUnavailableError(
      `the archive's store: ${error instanceof Error ? error.name : "it failed"} at ${path}`,
    );
  }
}
