import { compress, decompress, init } from "@bokuweb/zstd-wasm";

/** 7.1 bytes a quote of a live week; 9 takes a third longer for a tenth less, 1 is hardly faster. */
const LEVEL = 3;

let ready: Promise<void> | undefined;

/** Loads the compressor, once. What follows needs it. */
export function loadZstd(): Promise<void> {
  ready ??= init();
  return ready;
}

/** As Parquet's writer and reader want it. (Node 20 has none of its own, and a native one would need a compiler on some machines.) */
export const ZSTD = {
  compress: (bytes: Uint8Array): Uint8Array => compress(bytes, LEVEL),
  decompress: (bytes: Uint8Array): Uint8Array => decompress(bytes),
};
