import type { IncomingMessage } from "node:http";
import { addressReader } from "./address.js";

const from = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  }) as unknown as IncomingMessage;

describe("the address of a caller", () => {
  test("is where the request comes from, whatever it says", () => {
    expect(addressReader([])(from("::ffff:10.0.0.1", "1.2.3.4"))).toBe("10.0.0.1");
  });

  test("is what the last trusted proxy says, and nothing that was written before it", () => {
    const addressOf = addressReader(["10.0.0.0/8", "::1"]);
    expect(addressOf(from("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.7"))).toBe("1.2.3.4");
    expect(addressOf(from("::1", "nonsense"))).toBe("::1");
    expect(addressOf(from("9.9.9.9", "1.2.3.4"))).toBe("9.9.9.9");
  });
});
