/** Why a bucket has no tick: its market was closed from its start to its end, or not, and none came. */
export const EMPTY_REASONS = ["no_ticks", "market_closed"] as const;
export type EmptyReason = (typeof EMPTY_REASONS)[number];
