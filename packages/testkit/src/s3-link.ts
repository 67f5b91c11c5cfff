import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";

/** How one request fails: an answer of S3's, none at all, one that stops in its middle, a connection that is reset. */
export type S3Fault =
  | { readonly status: number; readonly code: string }
  | { readonly status: 200; readonly body: string }
  | "silence"
  | "stall"
  | "reset";

/** A request that came by. */
export interface S3Request {
  readonly method: string;
  /** With what is asked, as it was sent. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

/** What stands before a server of S3's: it counts, remembers and breaks requests, and passes all others on as they are. */
export interface S3Link {
  readonly endpoint: string;
  readonly seen: readonly S3Request[];
  /** The most requests that were under way at once. */
  readonly busiest: number;
  /** Undefined lets a request pass. */
  fail: (asked: S3Request) => S3Fault | undefined;
  /** The time that it says it is, where that is another one. */
  date: string | undefined;
  close(): Promise<void>;
}

/** Stands on a free port of 127.0.0.1. */
export async function s3Link(target: string): Promise<S3Link> {
  const { hostname, port } = new URL(target);
  const onto = { hostname, port, agent: false } as const;
  const seen: S3Request[] = [];
  let [underWay, busiest] = [0, 0];
  const server = createServer((req, res) => {
    const asked = { method: req.method ?? "", url: req.url ?? "", headers: req.headers };
    seen.push(asked);
    underWay += 1;
    busiest = Math.max(busiest, underWay);
    res.once("close", () => {
      underWay -= 1;
    });
    const fault = link.fail(asked);
    if (fault === undefined) pass(req, res);
    else fail(res, fault, link.date);
  });
  /** The host stays the one that was signed. */
  const pass = (req: IncomingMessage, res: ServerResponse): void => {
    const onward = request({ ...onto, method: req.method, path: req.url, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      void pipeline(answer, res).catch(() => res.destroy());
    });
    onward.on("error", () => res.destroy());
    req.pipe(onward);
  };
  // A connection that is closed for idleness just when it is used again would be one more fault.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const ownPort = typeof address === "object" && address !== null ? address.port : 0;
  const link: S3Link = {
    endpoint: `http://127.0.0.1:${ownPort}`,
    seen,
    get busiest() {
      return busiest;
    },
    fail: () => undefined,
    date: undefined,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return link;
}

function fail(res: ServerResponse, fault: S3Fault, date: string | undefined): void {
  if (fault === "silence") return;
  if (fault === "reset") {
    res.socket?.resetAndDestroy();
    return;
  }
  if (date !== undefined) res.setHeader("date", date);
  if (fault === "stall") {
    res.writeHead(200, { "content-length": 1000 });
    res.write("no more comes");
    return;
  }
  res.writeHead(fault.status, { "content-type": "application/xml" });
  res.end(
    "body" in fault ? fault.body : `<Error><Code>${fault.code}</Code><Message>It names fx+Secret.</Message></Error>`,
  );
}
