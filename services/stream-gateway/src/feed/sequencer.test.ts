import fc from "fast-check";
import { type Delivery, type History, Sequencer } from "./sequencer.js";

interface Note {
  readonly offset: { readonly epoch: string; readonly sequence: number };
}

const note = (sequence: number, epoch = "a"): Note => ({ offset: { epoch, sequence } });
const at = (sequence: number, epoch = "a") => note(sequence, epoch).offset;
const history = (newest: number, sequences: number[], epoch = "a"): History<Note> => ({
  newest: at(newest, epoch),
  entries: sequences.map((sequence) => note(sequence, epoch)),
});

/** `a5` for a message, `!a5` for a gap after it. */
function told(deliveries: readonly Delivery<Note>[]): string[] {
  return deliveries.map((delivery) => {
    if (delivery.kind === "message") return `${delivery.message.offset.epoch}${delivery.message.offset.sequence}`;
    const { after, reason } = delivery.gap;
    return `${reason} after ${after?.epoch ?? ""}${after?.sequence ?? "nothing"}`;
  });
}

function following(position: number, epoch = "a"): Sequencer<Note> {
  const sequencer = new Sequencer<Note>();
  sequencer.start(at(position, epoch));
  return sequencer;
}

describe("a sequencer", () => {
  test("delivers messages that continue the position, and drops those it delivered before", () => {
    const sequencer = following(7);
    expect(told(sequencer.receive(note(8)))).toEqual(["a8"]);
    expect(told(sequencer.receive(note(8)))).toEqual([]);
    expect(told(sequencer.receive(note(3)))).toEqual([]);
    expect(told(sequencer.receive(note(9)))).toEqual(["a9"]);
    expect(sequencer.wantedFrom).toBeUndefined();
  });

  test("holds messages until its position is known, and starts behind it", () => {
    const sequencer = new Sequencer<Note>();
    expect(sequencer.receive(note(6))).toEqual([]);
    expect(sequencer.receive(note(7))).toEqual([]);
    expect(told(sequencer.start(at(6)))).toEqual(["a7"]);
  });

  test("reads back what a jump left out, and then delivers what came meanwhile", () => {
    const sequencer = following(7);
    expect(sequencer.receive(note(10))).toEqual([]);
    expect(sequencer.wantedFrom).toBe(8);
    expect(sequencer.receive(note(11))).toEqual([]);
    expect(told(sequencer.history(history(10, [8, 9, 10])))).toEqual(["a8", "a9", "a10", "a11"]);
    expect(sequencer.wantedFrom).toBeUndefined();
  });

  test("goes on reading until it has what the stream holds", () => {
    const sequencer = following(7);
    sequencer.reconnected();
    expect(told(sequencer.history(history(12, [8, 9])))).toEqual(["a8", "a9"]);
    expect(sequencer.wantedFrom).toBe(10);
    expect(told(sequencer.history(history(12, [10, 11, 12])))).toEqual(["a10", "a11", "a12"]);
    expect(sequencer.wantedFrom).toBeUndefined();
  });

  test("looks into the stream after every reconnection, and finds nothing when nothing was missed", () => {
    const sequencer = following(7);
    sequencer.reconnected();
    expect(sequencer.wantedFrom).toBe(8);
    expect(sequencer.history(history(7, []))).toEqual([]);
    expect(told(sequencer.receive(note(8)))).toEqual(["a8"]);
  });

  test("reads once more when the connection broke during a read", () => {
    const sequencer = following(7);
    sequencer.receive(note(9));
    sequencer.reconnected();
    expect(told(sequencer.history(history(9, [8, 9])))).toEqual(["a8", "a9"]);
    expect(sequencer.wantedFrom).toBe(10);
    expect(told(sequencer.history(history(10, [10])))).toEqual(["a10"]);
    expect(sequencer.wantedFrom).toBeUndefined();
  });

  test("declares what the stream no longer holds", () => {
    const sequencer = following(7);
    sequencer.receive(note(20));
    expect(told(sequencer.history(history(20, [15, 16, 17, 18, 19, 20])))).toEqual([
      "trimmed after a7",
      ..."a15 a16 a17 a18 a19 a20".split(" "),
    ]);
  });

  test("declares a gap when the stream holds nothing of what it counted", () => {
    const sequencer = following(7);
    sequencer.reconnected();
    expect(told(sequencer.history(history(20, [])))).toEqual(["trimmed after a7"]);
    expect(told(sequencer.receive(note(21)))).toEqual(["a21"]);
  });

  test("declares a gap at a new epoch and delivers that one from its first message", () => {
    const sequencer = following(7);
    expect(sequencer.receive(note(3, "b"))).toEqual([]);
    expect(sequencer.wantedFrom).toBe(8);
    expect(told(sequencer.history(history(3, [], "b")))).toEqual(["lost after a7"]);
    expect(sequencer.wantedFrom).toBe(1);
    expect(told(sequencer.history(history(3, [1, 2, 3], "b")))).toEqual(["b1", "b2", "b3"]);
    expect(sequencer.position).toEqual(at(3, "b"));
  });

  test("declares a gap as soon as it finds the stream gone, and only one", () => {
    const sequencer = following(7);
    sequencer.reconnected();
    expect(told(sequencer.history({ newest: undefined, entries: [] }))).toEqual(["lost after a7"]);
    expect(sequencer.position).toBeUndefined();
    expect(sequencer.receive(note(2, "b"))).toEqual([]);
    expect(told(sequencer.history(history(2, [2], "b")))).toEqual(["b2"]);
  });

  test("reads a symbol it never heard of from its first message", () => {
    const sequencer = new Sequencer<Note>();
    sequencer.start(undefined);
    sequencer.reconnected();
    expect(sequencer.wantedFrom).toBe(1);
    expect(told(sequencer.history(history(2, [1, 2])))).toEqual(["a1", "a2"]);
  });

  test("declares a gap when a stream goes back within its epoch", () => {
    const sequencer = following(7);
    sequencer.reconnected();
    expect(told(sequencer.history(history(5, [])))).toEqual(["lost after a7"]);
    expect(told(sequencer.receive(note(6)))).toEqual(["a6"]);
  });

  test("holds a bounded number of messages, and reads the others from the stream", () => {
    const sequencer = following(0);
    for (let sequence = 2; sequence <= 1500; sequence += 1) sequencer.receive(note(sequence));
    const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
    expect(sequencer.history(history(1400, upTo(1400)))).toHaveLength(1400);
    expect(sequencer.wantedFrom).toBe(1401);
    expect(sequencer.history(history(1500, upTo(1500).slice(1400)))).toHaveLength(100);
    expect(sequencer.wantedFrom).toBeUndefined();
  });
});

/** A stream with its pub/sub, the faults they can have, and a sequencer that hears of it only what a gateway would. */
class World {
  readonly sequencer = new Sequencer<Note>();
  readonly heard: Delivery<Note>[] = [];
  readonly published: Note[] = [];
  #epoch = 0;
  #stream: Note[] = [];
  #sequence = 0;
  #onTheWay: Note[] = [];
  #isConnected = true;
  #read: History<Note> | undefined;

  constructor() {
    this.#take(this.sequencer.start(undefined));
  }

  publish(): void {
    this.#sequence += 1;
    const message = note(this.#sequence, String.fromCharCode(97 + this.#epoch));
    this.published.push(message);
    this.#stream.push(message);
    if (this.#isConnected) this.#onTheWay.push(message);
  }

  deliver(): void {
    const message = this.#onTheWay.shift();
    if (message !== undefined) this.#take(this.sequencer.receive(message));
  }

  /** The subscription breaks, and what was on its way is lost. */
  disconnect(): void {
    this.#isConnected = false;
    this.#onTheWay = [];
  }

  reconnect(): void {
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.sequencer.reconnected();
  }

  trim(keep: number): void {
    this.#stream = this.#stream.slice(Math.max(0, this.#stream.length - keep));
  }

  /** Redis forgets everything. */
  empty(): void {
    if (this.#sequence === 0) return;
    this.#epoch += 1;
    this.#sequence = 0;
    this.#stream = [];
  }

  /** One step of a read: the stream answers, and the answer arrives. */
  stepRead(pageSize: number): void {
    if (this.#read !== undefined) {
      const answer = this.#read;
      this.#read = undefined;
      this.#take(this.sequencer.history(answer));
      return;
    }
    const from = this.sequencer.beginRead();
    if (from !== undefined) {
      const entries = this.#stream.filter(({ offset }) => offset.sequence >= from).slice(0, pageSize);
      const epoch = String.fromCharCode(97 + this.#epoch);
      const newest = this.#sequence === 0 ? undefined : { epoch, sequence: this.#sequence };
      this.#read = { newest, entries };
    }
  }

  /**
   * Whether a message may be missing without a gap: nobody can tell a symbol whose messages were all lost, with their stream,
   * before one was heard from a symbol that had none.
   */
  isBeyondKnowledge(message: Note, position = this.heard.length): boolean {
    const first = this.heard[0];
    const firstEpoch = first?.kind === "message" ? first.message.offset.epoch : String.fromCharCode(97 + this.#epoch);
    return position === 0 && message.offset.epoch < firstEpoch;
  }

  settle(): void {
    this.reconnect();
    for (let turn = 0; turn < 200; turn += 1) {
      this.deliver();
      this.stepRead(5);
    }
  }

  #take(deliveries: readonly Delivery<Note>[]): void {
    this.heard.push(...deliveries);
  }
}

describe("whatever happens to pub/sub and the stream", () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.constant({ do: "publish" as const, with: 0 }) },
    { weight: 7, arbitrary: fc.constant({ do: "deliver" as const, with: 0 }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("stepRead" as const), with: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.constant({ do: "disconnect" as const, with: 0 }) },
    { weight: 2, arbitrary: fc.constant({ do: "reconnect" as const, with: 0 }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("trim" as const), with: fc.integer({ min: 0, max: 6 }) }) },
    { weight: 1, arbitrary: fc.constant({ do: "empty" as const, with: 0 }) },
  );

  test("every message is delivered once and in order, or lies in a declared gap", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const world = new World();
        for (const { do: act, with: argument } of steps) world[act](argument);
        world.settle();
        expect(world.sequencer.wantedFrom).toBeUndefined();
        let next = 0;
        let isInGap = false;
        const expectExcused = (missing: readonly Note[], position: number) => {
          if (!isInGap) expect(missing.filter((message) => !world.isBeyondKnowledge(message, position))).toEqual([]);
        };
        for (const [position, delivery] of world.heard.entries()) {
          if (delivery.kind === "message") {
            const index = world.published.indexOf(delivery.message);
            expect(index).toBeGreaterThanOrEqual(next);
            expectExcused(world.published.slice(next, index), position);
            next = index + 1;
          }
          isInGap = delivery.kind === "gap";
        }
        expectExcused(world.published.slice(next), world.heard.length);
      }),
      { numRuns: 1000 },
    );
  });
});
