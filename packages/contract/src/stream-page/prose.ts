/** What people are told of the stream besides what its document says by itself. In texts `…` is code. */

/** What a client does when it gets a message, by the name of its class. */
export const WHAT_TO_DO: Readonly<Record<string, string>> = {
  SubscribedMessage:
    "Keep each `offset`. Where you sent `since` and `recovered` is true, `replayed` messages follow and nothing is missing; where it is false, read over HTTP from the last time you have.",
  UnsubscribedMessage: "Nothing more comes of these channels; forget their offsets.",
  ChannelTicksMessage:
    "Take the ticks in their order, then keep `offset` in place of the one before. Two ticks may share a time: `seq` tells them apart.",
  ChannelCorrectionMessage:
    "Put `ticks` in place of all you hold of [`from`, `to`), whether or not you were told of all of it, then keep `offset`. An empty list takes them away; without `ticks` read the range from `GET /ticks`. It is resumed as ticks are.",
  RunningBarMessage:
    "Put it in place of the bar of the same `bucket` (and `seq`, of bars of ticks). It comes at most every 250 ms while it changes.",
  FinalBarMessage:
    "Put it in place and consider it closed. It comes some 2 s after its end, when the next bar may be running already: a chart that only goes forward goes by `bucket`.",
  RevisedBarMessage:
    "Put it in place of the closed bar you have. A `tick_count` of 0 with nulls says that the bucket has no ticks any more: take the bar away.",
  StatusMessage:
    "Show it beside the symbol: without it nobody can tell a quiet market from a feed that died. Nothing comes of a symbol of which no producer has named itself.",
  ConflatedMessage:
    "You read too slowly: `skipped` ticks between `from` and `to` were left out, and the newest follows. Read the range from `GET /ticks` if you need all of them.",
  GapMessage:
    "Read the range again over HTTP (`GET /ticks`, `GET /ohlc`): it was not sent, or what you have of it is not right any more. `late` ones are old ticks that somebody stored just now; who only wants what is new may pass them over.",
  HeartbeatMessage:
    "Nothing to do. After 25 s without any message take the connection for dead and open another one. `offsets` are as good as those of ticks.",
  ErrorMessage: "Your request with this `id` was not done; the connection and its channels stay. See the codes below.",
  PongMessage: "The answer to your `ping`: everything sent before it has been read.",
  PlainTick: "One tick, in order. There is nothing to resume from: after a break read from your last time over HTTP.",
  PlainCorrection:
    "Put `ticks` in place of all you hold of [`from`, `to`); without `ticks` read the range from `GET /ticks`. Comes only after `/ws/ticks?corrections=1`.",
  PlainBar:
    "Put it in place of the bar of the same `bucket`. `final` ones are closed; one with `revision` replaces a closed one.",
  PlainGap: "Read the range over HTTP: it is not sent here.",
};

/** Why a request is refused, and what then. */
export const ERROR_CODES: Readonly<Record<string, string>> = {
  bad_message: "No JSON object, or its `id` is too long. After ten of these the connection is closed with 4400.",
  unknown_op: "`op` is none of `subscribe`, `unsubscribe` and `ping`.",
  bad_channels: "`channels` is not a list.",
  unknown_channel: "A name is none of a channel; nothing of the request was done.",
  bad_since: "`since` takes offsets of concrete ticks channels that the same request subscribes to.",
  forbidden: "The token does not cover a symbol, which the message names; leave it out and ask again.",
  too_many_channels:
    "As many channels are followed as may be, or symbols and intervals of bars: by this connection, this token, or all together.",
  unavailable: "Missed messages cannot be read at the moment; try again after a pause.",
};

/** Every way a connection ends that is not yours, and what to do then. */
export const CLOSE_CODES: Readonly<Record<number, { readonly name: string; readonly next: string }>> = {
  1001: {
    name: "going away",
    next: 'The gateway stops. Come back after the `retry_ms` of the reason (`{"retry_ms":1200}`), with `since`.',
  },
  1006: { name: "no close frame", next: "The connection broke. Come back with `since`, waiting longer each time." },
  1007: { name: "invalid data", next: "A message of yours, in a text frame or a binary one, was no UTF-8." },
  1009: { name: "too large", next: "A message of yours was over 64 kB. Subscribe in several." },
  1011: { name: "internal error", next: "Come back with `since`; tell the operators if it happens again." },
  4001: { name: "unauthorized", next: "The token has expired or was revoked. Come back with another one." },
  4008: {
    name: "slow consumer",
    next: "You did not read for 30 s, or too much waited. Come back with the `offsets` of the reason as `since`.",
  },
  4009: {
    name: "limit exceeded",
    next: "Too many messages from you, or more delivered than the token may have: the reason says which. Ask for less.",
  },
  4400: { name: "bad message", next: "You sent what is no request, again and again. The same again ends the same." },
};
