import { LoopTurns } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import fc from "fast-check";
import type { Member, Receiver } from "./audience.js";
import { Audiences } from "./audiences.js";
import { Hub } from "./hub.js";
import { type Item, lazyPackets } from "./item.js";
import { type Bundle, Packet } from "./packet.js";

const NONE: ReadonlySet<string> = new Set();

function itemOf(symbol: string, text: string): Item {
  const packet = () => new Packet([text]);
  return {
    symbol,
    channel: `ticks:${symbol}`,
    wildcard: "ticks:*",
    packet: lazyPackets({ plain: packet, multiplex: packet }),
  };
}

/** Keeps what it is sent. */
class Inbox implements Receiver {
  readonly bundles: Bundle[] = [];

  get texts(): string[] {
    return this.bundles.flatMap(({ packets }) => packets.flatMap(({ texts }) => texts));
  }

  send(bundle: Bundle): void {
    this.bundles.push(bundle);
  }
}

/** Counts the names that come and go. */
class CountingHub extends Hub<Item> {
  names = 0;

  override join(...[subscriber, channels]: Parameters<Hub<Item>["join"]>): void {
    const names = [...channels];
    this.names += names.length;
    super.join(subscriber, names);
  }

  override leave(...[subscriber, channels]: Parameters<Hub<Item>["leave"]>): void {
    const names = [...channels];
    this.names += names.length;
    super.leave(subscriber, names);
  }
}

let hub: CountingHub;
let audiences: Audiences<Item>;
beforeEach(() => {
  hub = new CountingHub();
  audiences = new Audiences(hub, new LoopTurns());
});

function join(member: Member<Item>, ...names: string[]): void {
  audiences.change(member, { joined: new Set(names), left: NONE });
}

function leave(member: Member<Item>, ...names: string[]): void {
  audiences.change(member, { joined: NONE, left: new Set(names) });
}

const count = () => [...audiences].length;

test("a channel more or less costs that channel, whatever else is followed", () => {
  const names = Array.from({ length: 1000 }, (_, at) => `ticks:S${at}`);
  const member = audiences.enter(new Inbox(), "multiplex", []);
  for (const name of names) join(member, name);
  for (const name of names) leave(member, name);
  expect(hub.names).toBe(2000);
});

test("what a client follows at once it shares at once with those who follow the same, in any order", () => {
  const inboxes = [new Inbox(), new Inbox()];
  const [one, other] = inboxes.map((inbox) => audiences.enter(inbox, "multiplex", []));
  if (one === undefined || other === undefined) throw new Error("there are two");
  join(one, "ticks:A", "ticks:B");
  join(other, "ticks:B", "ticks:A");
  expect(count()).toBe(1);
  hub.publish(itemOf("A", "a"));
  one.flush();
  expect(inboxes[0]?.bundles[0]).toBe(inboxes[1]?.bundles[0]);
});

test("of many who take the same step from channels they share, one after the other, only the first pays for all of them", async () => {
  const names = Array.from({ length: 1000 }, (_, at) => `ticks:S${at}`);
  const members = Array.from({ length: 50 }, () => audiences.enter(new Inbox(), "multiplex", names));
  hub.names = 0;
  for (const member of members) join(member, "ticks:NEXT");
  for (const member of members) leave(member, "ticks:NEXT", "ticks:S0");
  expect(count()).toBe(1);
  const once = 2 * names.length;
  // Two audiences began, and two end.
  await eventually(() => hub.names >= 2 * once);
  expect(hub.names).toBeLessThanOrEqual(2 * once + 2);
});

test("those who came to the same channels one by one are united, and lose and double nothing by it", async () => {
  const inboxes = Array.from({ length: 5 }, () => new Inbox());
  const members = inboxes.map((inbox) => audiences.enter(inbox, "multiplex", []));
  for (const [at, member] of members.entries()) {
    join(member, `ticks:OWN${at}`);
    for (let of = 0; of < 20; of += 1) join(member, `ticks:S${of}`);
    leave(member, `ticks:OWN${at}`);
  }
  const sent: string[] = [];
  await eventually(() => {
    sent.push(String(sent.length));
    hub.publish(itemOf("S7", String(sent.length - 1)));
    return count() === 1;
  });
  for (const member of members) member.flush();
  for (const { texts } of inboxes) expect(texts).toEqual(sent);
  expect(new Set(inboxes.map(({ bundles }) => bundles.at(-1))).size).toBe(1);
});

test("a client that is apart takes what happens by itself, and the others go on", () => {
  const inboxes = [new Inbox(), new Inbox()];
  const members = inboxes.map((inbox) => audiences.enter(inbox, "multiplex", ["ticks:A"]));
  const apart: string[] = [];
  members[0]?.take({ take: (item) => apart.push(...item.packet("multiplex").texts) });
  hub.publish(itemOf("A", "1"));
  members[0]?.take();
  hub.publish(itemOf("A", "2"));
  members[0]?.flush();
  expect([apart, ...inboxes.map(({ texts }) => texts)]).toEqual([["1"], ["2"], ["1", "2"]]);
});

test("whoever follows whatever, everybody is sent what happens on his channels, once and in order", () => {
  const name = fc.constantFrom("A", "B", "C");
  const step = fc.record({ who: fc.nat(2), what: fc.constantFrom("join", "leave", "publish", "quit"), name });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      audiences = new Audiences(hub, new LoopTurns());
      const clients = [0, 1, 2].map(() => {
        const inbox = new Inbox();
        const member = audiences.enter(inbox, "multiplex", []);
        return { inbox, member, follows: new Set<string>(), due: Array.of<string>(), isGone: false };
      });
      for (const [at, { who, what, name }] of steps.entries()) {
        const client = clients[who];
        if (client === undefined || client.isGone) continue;
        const follows = client.follows.has(name);
        if (what === "publish") {
          hub.publish(itemOf(name, String(at)));
          for (const { isGone, follows, due } of clients) if (!isGone && follows.has(name)) due.push(String(at));
        } else if (what === "join" && !follows) {
          client.follows.add(name);
          join(client.member, `ticks:${name}`);
        } else if (what === "leave" && follows) {
          client.follows.delete(name);
          leave(client.member, `ticks:${name}`);
        } else if (what === "quit") {
          client.isGone = true;
          audiences.leave(client.member);
        }
      }
      for (const { isGone, member, inbox, due } of clients) {
        if (!isGone) member.flush();
        expect(inbox.texts).toEqual(due);
        if (!isGone) audiences.leave(member);
      }
      expect(count()).toBe(0);
    }),
  );
});
