/** What fills the page: the chart with its desk, or one of the views beside it, by the names they have in the address. */
export const PAGE_NAMES = ["chart", "quality", "ops"] as const;
export type PageName = (typeof PAGE_NAMES)[number];

/** How many days the quality view can look back. */
export const QUALITY_DAYS = [1, 7, 30, 90] as const;
export type QualityDays = (typeof QUALITY_DAYS)[number];
