import {
  IsA,
  IsCount,
  IsFlag,
  IsInstant,
  IsListOf,
  IsStoredSymbol,
  IsText,
  IsTextByName,
  IsTickTime,
  IsWord,
} from "./answer-fields.js";
import { SparseBar } from "./bar.js";
import { FEED_STATES, type FeedState } from "./feed.js";
import { About, Describe, Field, Sometimes } from "./field-schema.js";
import type { LiveInterval } from "./live-interval.js";
import { WireTick } from "./message.js";
import { SYMBOL_LENGTH_MAX } from "./symbol.js";
import { TickJson } from "./tick-json.js";

/** What stream-gateway says to its clients: each class is a message on the wire, and its schema in the documents. */

@About(
  "A bar as the stream sends it. Its prices are null after its last tick was deleted, and on channels of `:bid` and `:ask`, whose prices are of that side, where it has no quotes. On channels of `:quote` it has `bid_open` to `quote_count` beside them; elsewhere none of these. Bars of ticks carry the `seq` of their first one.",
)
export class LiveBar extends SparseBar {
  @Describe("`minute`, `hour`, `day`, or any other one of `GET /ohlc` as it is named there.")
  @Field<LiveInterval>({ type: "string", pattern: "^(minute|hour|day|[1-9]\\d{0,4}[smhdwMyt])$" })
  readonly interval!: LiveInterval;

  @Describe("The bar is complete and the grace for late ticks has passed too.")
  @IsFlag()
  readonly final!: boolean;

  @Describe("When it was sent.")
  @IsInstant()
  readonly timestamp!: string;
}

@About("A bar on a plain endpoint.")
export class PlainBar extends LiveBar {
  @Sometimes()
  @Describe("A closed bar that changed.")
  @IsWord(true)
  readonly revision?: true;
}

@About("A tick on a plain endpoint.")
export class PlainTick extends TickJson {}

const CORRECTED =
  "All ticks that the range holds now, in order: none where they were deleted. Absent where they are more than 1,000.";

@About("Ticks between two times were put or deleted, on a plain endpoint that was asked for `corrections`.")
export class PlainCorrection {
  @IsWord(true)
  readonly corrected!: true;

  @IsStoredSymbol()
  readonly symbol!: string;

  @IsTickTime()
  readonly from!: string;

  @IsTickTime()
  readonly to!: string;

  @Sometimes()
  @Describe(CORRECTED)
  @IsListOf(WireTick)
  readonly ticks?: readonly WireTick[];
}

const CHANNEL = {
  pattern:
    "^(ticks:.+|status:.+|ohlc:.+:(minute|hour|day|[1-9]\\d{0,4}[smhdwMyt])(:(bid|ask|quote))?(@\\d{2}:[A-Za-z][A-Za-z0-9_+/-]*)?)$",
};
const OFFSET = "A place in the symbol's stream, to go on from with `since`; nothing can be read from its text.";

/** Why clients are not sent ticks, or bars. */
export type GapReason = "trimmed" | "lost" | "revised";

/** Ticks of [from, to) that a client is not sent. */
abstract class SkippedRange {
  @IsTickTime()
  readonly from!: string;

  @IsTickTime()
  readonly to!: string;
}

abstract class Gap extends SkippedRange {
  @IsWord("gap")
  readonly type!: "gap";

  @Describe(
    "`trimmed`: the stream does not hold them, or not any more. `lost`: the stream itself, or the database, was lost or put back. " +
      "`revised`: more bars changed than are told one by one, or they are bars of ticks, each of which a late one moves.",
  )
  @IsWord("trimmed", "lost", "revised")
  readonly reason!: GapReason;

  @Sometimes()
  @Describe("They were stored when they were older than the live window: such are told as a range and not streamed.")
  @IsWord(true)
  readonly late?: true;
}

@About("Ticks, or bars, between two times that a plain endpoint does not send: to be read over HTTP.")
export class PlainGap extends Gap {
  @IsText({ pattern: `^(\\*|[A-Z0-9._+#:@&-]{1,${SYMBOL_LENGTH_MAX}})$` })
  readonly symbol!: string;
}

abstract class OnChannel {
  @IsText(CHANNEL)
  readonly channel!: string;
}

@About("New ticks of one symbol.")
export class ChannelTicksMessage extends OnChannel {
  @IsWord("ticks")
  readonly type!: "ticks";

  @Describe(OFFSET)
  @IsText()
  readonly offset!: string;

  @IsListOf(WireTick)
  readonly ticks!: readonly WireTick[];
}

@About("Ticks between two times were put or deleted.")
export class ChannelCorrectionMessage extends OnChannel {
  @IsWord("corrected")
  readonly type!: "corrected";

  @Describe(OFFSET)
  @IsText()
  readonly offset!: string;

  @IsTickTime()
  readonly from!: string;

  @IsTickTime()
  readonly to!: string;

  @Sometimes()
  @Describe(CORRECTED)
  @IsListOf(WireTick)
  readonly ticks?: readonly WireTick[];
}

abstract class OnBar extends OnChannel {
  @IsA(LiveBar)
  readonly bar!: LiveBar;
}

@About("The bar as it is now.")
export class RunningBarMessage extends OnBar {
  @IsWord("bar")
  readonly type!: "bar";
}

@About("A bar that is closed for good.")
export class FinalBarMessage extends OnBar {
  @IsWord("final")
  readonly type!: "final";
}

@About("A closed bar that changed.")
export class RevisedBarMessage extends OnBar {
  @IsWord("revision")
  readonly type!: "revision";
}

@About("How a symbol's feeds are: as the best of them is.")
export class StatusMessage extends OnChannel {
  @IsWord("status")
  readonly type!: "status";

  @Describe(
    "`live`: ticks come. `quiet`: some feed is alive, and none come. `closed`: the market is. `down`: of every feed neither ticks nor heartbeats come.",
  )
  @IsWord(...FEED_STATES)
  readonly state!: FeedState;

  @Describe("When it came into this state.")
  @IsTickTime()
  readonly since!: string;
}

@About("Ticks that were left out because the client was slow: how many, and between which times.")
export class ConflatedMessage extends SkippedRange {
  @IsWord("conflated")
  readonly type!: "conflated";

  @IsText(CHANNEL)
  readonly channel!: string;

  @IsCount(1)
  readonly skipped!: number;
}

@About("Ticks, or bars, between two times that are not sent, or not any more as they were: to be reloaded over HTTP.")
export class GapMessage extends Gap {
  @IsText(CHANNEL)
  readonly channel!: string;
}

/** Whatever a client numbers its requests with comes back with the answer. */
abstract class Numbered {
  @Sometimes()
  @Field({ type: ["integer", "number", "string"], maxLength: 100 })
  readonly id?: string | number;
}

@About("What became of one channel of a subscription.")
export class SubscribedChannel extends OnChannel {
  @Sometimes()
  @Describe(OFFSET)
  @IsText()
  readonly offset?: string;

  @Describe("False when the history did not reach back to where the client had stopped, or was not asked for.")
  @IsFlag()
  readonly recovered!: boolean;

  @Sometimes()
  @Describe("Messages that are replayed after this answer.")
  @IsCount()
  readonly replayed?: number;
}

@About("The answer to `subscribe`.")
export class SubscribedMessage extends Numbered {
  @IsWord("subscribed")
  readonly type!: "subscribed";

  @IsListOf(SubscribedChannel)
  readonly channels!: readonly SubscribedChannel[];

  @Sometimes()
  @Describe(
    "Every channel this connection follows now; absent when they are more than 50 and ten times those of the request.",
  )
  @Field({ type: "array", items: { type: "string", ...CHANNEL } })
  readonly all?: readonly string[];
}

@About("The answer to `unsubscribe`.")
export class UnsubscribedMessage extends Numbered {
  @IsWord("unsubscribed")
  readonly type!: "unsubscribed";

  @Field({ type: "array", items: { type: "string", ...CHANNEL } })
  readonly channels!: readonly string[];

  @Sometimes()
  @Field({ type: "array", items: { type: "string", ...CHANNEL } })
  readonly all?: readonly string[];
}

@About("The answer to `ping`.")
export class PongMessage extends Numbered {
  @IsWord("pong")
  readonly type!: "pong";
}

@About("Where each followed ticks channel stands, every 10 s.")
export class HeartbeatMessage {
  @IsWord("heartbeat")
  readonly type!: "heartbeat";

  @IsInstant()
  readonly time!: string;

  @IsTextByName()
  readonly offsets!: Readonly<Record<string, string>>;
}

@About("A request that was not understood or not accepted; the connection stays open.")
export class ErrorMessage extends Numbered {
  @IsWord("error")
  readonly type!: "error";

  @IsText()
  readonly code!: string;

  @IsText()
  readonly message!: string;
}

/** Every message of `/ws`. */
export const SERVER_MESSAGES = [
  SubscribedMessage,
  UnsubscribedMessage,
  ChannelTicksMessage,
  ChannelCorrectionMessage,
  RunningBarMessage,
  FinalBarMessage,
  RevisedBarMessage,
  StatusMessage,
  ConflatedMessage,
  GapMessage,
  HeartbeatMessage,
  ErrorMessage,
  PongMessage,
] as const;
