import { S3ServiceException } from "@aws-sdk/client-s3";
import { FileMissingError, StoreUnavailableError } from "./store.js";

/** What a store's word for a failure does not say to who has never seen it. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ["NoSuchBucket", "the bucket is not there"],
  ["AccessDenied", "the credentials that were found may not do this"],
  ["InvalidAccessKeyId", "the server does not know the credentials that were found"],
  ["SignatureDoesNotMatch", "the secret is another one, or a proxy changes requests"],
  ["RequestTimeTooSkewed", "the clocks of this machine and of the server differ"],
  ["PermanentRedirect", "the bucket is in another region"],
  ["AuthorizationHeaderMalformed", "the server wants another AWS_REGION"],
  ["CredentialsProviderError", "no credentials were found"],
  ["TimeoutError", "it did not answer in time"],
  ["ETIMEDOUT", "it did not answer in time"],
  ["ECONNREFUSED", "nobody listens there"],
  ["ENOTFOUND", "its name is unknown"],
  ["403", "the credentials that were found may not do this"],
]);

/** @throws FileMissingError where the store has no such file, and StoreUnavailableError for every other failure */
export async function tellingOfFailures<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isStatus(error, 404) && nameOf(error) !== "NoSuchBucket") throw new FileMissingError(path);
    throw new StoreUnavailableError(`the archive's store: ${reasonOf(error)} at ${path === "" ? "its root" : path}`);
  }
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === status;
}

/** Its own words may name credentials, or hold what a server answered: its name, its code and its status cannot. */
function reasonOf(error: unknown): string {
  const name = nameOf(error);
  const hint = HINTS.get(name);
  return hint === undefined ? name : `${name} (${hint})`;
}

/** Of an answer without a body, such as one to HEAD, only the status says what it is. */
function nameOf(error: unknown): string {
  if (error instanceof S3ServiceException) {
    const { name, $metadata } = error;
    return /^[A-Za-z]{1,64}$/.test(name) && !name.startsWith("Unknown")
      ? name
      : String($metadata.httpStatusCode ?? name);
  }
  if (!(error instanceof Error)) return "it failed";
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return code ?? error.name;
}
