/** A tick as a producer sends it: a price, or both sides of a quote. */
export type Draft = { readonly symbol: string; readonly time: string } & Cost;

export type Cost = { readonly price: number } | { readonly bid: number; readonly ask: number };
