import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** `10.0.0.1`, or `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const bitsMax = isIP(address) === 6 ? 128 : 32;
  return (
    isIP(address) !== 0 && rest.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= bitsMax))
  );
}

/** Finds whose request it is: of the address it comes from, or of the one that a proxy of ours says it asks for. */
export function addressReader(trustedProxies: readonly string[]): (req: IncomingMessage) => string {
  const proxies = new BlockList();
  for (const network of trustedProxies) {
    const [address = "", bits] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    proxies.addSubnet(address, bits === undefined ? (family === "ipv6" ? 128 : 32) : Number(bits), family);
  }
  const isProxy = (address: string) =>
    isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return ({ socket, headers }) => {
    const direct = plainAddress(socket.remoteAddress ?? "");
    if (trustedProxies.length === 0 || !isProxy(direct)) return direct;
    const forwarded = [headers["x-forwarded-for"] ?? []]
      .flat()
      .join(",")
      .split(",")
      .map((part) => plainAddress(part.trim()));
    // From the right: what is left of the last proxy of ours anybody may have written.
    return forwarded.reverse().find((address) => isIP(address) !== 0 && !isProxy(address)) ?? direct;
  };
}

/** An IPv4 address in the clothes of IPv6 is an IPv4 address. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:/i, "");
}
