import type { CodedCopy, CodedFile } from "./coding.js";

/** What the thread that codes is told, of one day. */
export type CodingRequest =
  | { readonly day: number; readonly kind: "open" | "end copy" | "finish" | "drop" }
  | { readonly day: number; readonly kind: "add"; readonly bytes: Uint8Array };

/** What it answers to the end of a copy and of a day. */
export type CodingAnswer =
  | { readonly day: number; readonly copy: CodedCopy }
  | { readonly day: number; readonly file: CodedFile }
  | { readonly day: number; readonly error: string };
