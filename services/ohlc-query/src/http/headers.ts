/** A client must ask again each time: any bar can be revised. What it gets depends on two of its headers. */
export const REVALIDATED = { "Cache-Control": "no-cache", Vary: "Accept, Accept-Encoding, Origin" };
