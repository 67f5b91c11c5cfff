import { readExamples } from "@fx-ohlc/contract";
import { parseTime } from "@fx-ohlc/schemas";
import { documentedMessage } from "@fx-ohlc/testkit";
import { Conflation } from "./conflation.js";
import { GapItem } from "./gap-item.js";
import type { Packet } from "./packet.js";
import { TicksItem } from "./ticks-item.js";

/** What only slow clients and those that were away are told: no test of the whole system waits for that. */
const { messages: examples } = readExamples();
const at = (time: string) => parseTime(`2025-12-05T${time}Z`) ?? 0;

function sent(packets: readonly Packet[]): unknown[] {
  return packets.flatMap(({ texts }) => texts.map((text) => JSON.parse(text)));
}

test("the documents know how a slow client hears of what it skipped", () => {
  const conflation = new Conflation({ ticksConflated: 0 });
  const ticks = ["10:00:00.000000", "10:00:01.000000", "10:00:02.000000"].map((time) => ({
    time: `2025-12-05T${time}Z`,
    price: 1.12345,
    seq: 0,
  }));
  conflation.take(new TicksItem("EURUSD", { epoch: "k3f9", sequence: 7 }, ticks));
  const [conflated] = sent(conflation.settle());
  expect(documentedMessage("/ws", conflated)).toEqual({ name: "ConflatedMessage" });
  expect(conflated).toEqual(examples.ConflatedMessage);
});

test.each([
  ["/ws", "multiplex", "GapMessage"],
  ["/ws/ticks", "plain", "PlainGap"],
] as const)("the documents know how a client of %s hears of a gap", (path, format, name) => {
  const range = { fromUs: at("10:00:00"), toUs: at("10:05:00"), reason: "trimmed" } as const;
  const [gap] = sent([new GapItem({ kind: "ticks", symbol: "EURUSD" }, range).packet(format)]);
  expect(documentedMessage(path, gap)).toEqual({ name });
  expect(gap).toEqual(examples[name]);
});
