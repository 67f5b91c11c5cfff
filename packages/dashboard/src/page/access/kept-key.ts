/** Where the key is kept: for this tab, which another page of this origin in another tab does not see, and gone with it. */
const NAME = "fx-ohlc.key";

/** The key that was pasted in this tab; undefined when nobody has signed in. */
export function keptKey(): string | undefined {
  return sessionStorage.getItem(NAME) ?? undefined;
}

export function keepKey(key: string): void {
  sessionStorage.setItem(NAME, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(NAME);
}
