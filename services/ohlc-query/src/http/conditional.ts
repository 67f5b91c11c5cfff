import { hash } from "node:crypto";

/** A client must ask again each time: any bar can be revised. What it gets depends on two of its headers. */
export const REVALIDATED = { "Cache-Control": "no-cache", Vary: "Accept, Accept-Encoding" };

/** A strong validator: equal bytes, equal tag. */
export function entityTag(body: Buffer): string {
  return `"${hash("sha256", body, "base64url")}"`;
}

/** Whether `If-None-Match` names the tag (RFC 9110 §13.1.2: compared weakly). */
export function matches(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === tag);
}
