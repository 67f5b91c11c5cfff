const URL_CREDENTIALS = /(\w+:\/\/)[^\s/@"']*@/g;

/** Text without the user and password of any URL in it. */
export function redact(text: string): string {
  return text.includes("://") ? text.replace(URL_CREDENTIALS, "$1***@") : text;
}
