import type { IncomingMessage } from "node:http";
import { BlockList } from "node:net";

/** Where an edge of this system is: on the same machine, or in its network. */
const NEAR = new BlockList();
for (const [network, bits] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const)
  NEAR.addSubnet(network, bits, "ipv4");
NEAR.addAddress("::1", "ipv6");
NEAR.addSubnet("fc00::", 7, "ipv6");

/**
 * Whose share of a bound a request counts towards: the address it came from, or where that is an edge the one that the edge saw,
 * which it appends to `X-Forwarded-For`. Nothing is allowed or forbidden by it.
 */
export function callerAddress({ socket, headers }: IncomingMessage): string {
  const peer = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const forwarded = headers["x-forwarded-for"];
  if (forwarded === undefined || !NEAR.check(peer, peer.includes(":") ? "ipv6" : "ipv4")) return peer;
  return String(forwarded).split(",").at(-1)?.trim() ?? peer;
}
