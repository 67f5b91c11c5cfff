import { execFile } from "node:child_process";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { emptyDatabase, type S3Link, s3Link, type TestS3, testS3 } from "@fx-ohlc/testkit";
import { System } from "./system.js";

const MIGRATE = fileURLToPath(new URL("../../../packages/database/dist/migrate-command.js", import.meta.url));

/** What a command said, and how it ended. */
export interface Told {
  readonly code: number;
  readonly text: string;
}

/** A system whose archive lies in a bucket, behind a link that breaks when it is told to. */
export class ArchiveInBucket {
  /** Everything that was said by commands. */
  readonly said: string[] = [];

  private constructor(
    readonly system: System,
    readonly s3: TestS3,
    readonly link: S3Link,
    /** What each process is told of the archive. */
    readonly env: Readonly<Record<string, string>>,
  ) {}

  static async create(settings: Record<string, string> = {}): Promise<ArchiveInBucket> {
    const s3 = await testS3();
    const link = await s3Link(s3.endpoint);
    const env = { ARCHIVE_URL: `s3://${s3.bucket}/fx%20a/b`, ARCHIVE_ENDPOINT: link.endpoint, ...s3.account };
    const archive = new ArchiveInBucket(await System.create(emptyDatabase), s3, link, env);
    await archive.migrate([], { RETENTION_DAYS: "0", COMPRESSION_AFTER_DAYS: "0", CHUNK_DAYS: "1", ...settings });
    await archive.migrate(["archive", "--init"]);
    return archive;
  }

  /** Runs `fx-migrate`, which has to succeed. */
  async migrate(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const { code, text } = await this.tried(args, env);
    if (code !== 0) throw new Error(`fx-migrate ${args.join(" ")}: ${text}`);
    return text;
  }

  tried(args: readonly string[], env: Record<string, string> = {}): Promise<Told> {
    const own = { ...process.env, DATABASE_URL: this.system.database.url, ...this.env, ...env };
    return new Promise((resolve) => {
      execFile(execPath, ["--no-warnings", MIGRATE, ...args], { env: own }, (error, out, err) => {
        const text = out + err;
        this.said.push(text);
        resolve({ code: error === null ? 0 : 1, text });
      });
    });
  }

  async close(): Promise<void> {
    await this.system.stop();
    await this.link.close();
    await this.s3.drop();
  }
}
