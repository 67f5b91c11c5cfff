import type { CodedCopy, CodedFile } from "./coding.js";
import type { TickFileFacts } from "./proof.js";
import type { ByteRange, StoredFile } from "./store.js";

/** What the thread that codes is told, of one day or one proof. */
export type CodingRequest =
  | { readonly day: number; readonly kind: "open" | "end copy" | "finish" | "drop" }
  | { readonly day: number; readonly kind: "add"; readonly bytes: Uint8Array }
  | { readonly day: number; readonly kind: "prove"; readonly path: string; readonly facts: TickFileFacts }
  | StoreReply;

/** What the store said to a thread that proves a file; `failed`: it threw, and whoever asked for the proof throws that. */
export type StoreReply =
  | { readonly day: number; readonly kind: "found"; readonly found: StoredFile | undefined }
  | { readonly day: number; readonly kind: "read"; readonly bytes: Uint8Array }
  | { readonly day: number; readonly kind: "failed" };

/** What it answers to the end of a copy, of a day and of a proof; and what it asks the store. */
export type CodingAnswer =
  | { readonly day: number; readonly copy: CodedCopy }
  | { readonly day: number; readonly file: CodedFile }
  | { readonly day: number; readonly isProved: true }
  | { readonly day: number; readonly question: StoreQuestion }
  /** Of a file that is not what was written: the reason. */
  | { readonly day: number; readonly damage: string }
  | { readonly day: number; readonly error: string };

/** Of the file that is proved: that it is there, or some of its bytes. */
export type StoreQuestion =
  | { readonly kind: "find" }
  | { readonly kind: "read"; readonly range: ByteRange | undefined };
