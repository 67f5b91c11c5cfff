import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 bits: nobody guesses it, so a plain hash of it is as good as a slow one. */
const SECRET_BYTES = 32;
const ID_BYTES = 8;
/** What a made key looks like; one that an operator makes up (`ADMIN_KEY`) may have a longer secret and another id. */
const TOKEN = /^fxk_([A-Za-z0-9]{4,32})_([A-Za-z0-9_-]{43,128})$/;

/** The two parts of an API key. The id is no secret. */
export interface KeyToken {
  readonly id: string;
  readonly secret: string;
}

/** The parts of `fxk_<id>_<secret>`; undefined for anything else. */
export function parseKeyToken(text: string): KeyToken | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** A new key; its token is shown once and kept nowhere. */
export function newKeyToken(): KeyToken & { readonly token: string } {
  const id = randomBytes(ID_BYTES).toString("hex");
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return { id, secret, token: `fxk_${id}_${secret}` };
}

/** SHA-256 of a secret, in hex: what is stored of it. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Whether a secret is the one whose hash is stored, in a time that tells nothing of either. */
export function isSecretOf(secret: string, hash: string): boolean {
  const [own, stored] = [secretHash(secret), hash].map((hex) => Buffer.from(hex, "hex"));
  return own !== undefined && stored?.length === own.length && timingSafeEqual(own, stored);
}
