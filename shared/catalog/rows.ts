/** How dimensions lie in a row: a tuple's values without the one that takes the end of keys, which the key itself says. */
import { partitionOf } from "../dataset/layout.ts";
import type { Layout } from "../dataset/layout.ts";

export type BlockState = "present" | "changed" | "vanished";

/** The dimensions that a tuple holds, in the order of the layout. */
export function tupleDimensions(layout: Layout): readonly string[] {
  return layout.dimensions.filter((name) => name !== layout.restDimension);
}

/** The text of `tuple.dimensions`. */
export function encodeTuple(names: readonly string[], dimensions: Readonly<Record<string, string>>): string {
  return JSON.stringify(names.map((name) => dimensions[name] ?? ""));
}

/** Bytes whose order is that of blocks: partition, then the leading dimensions. No key has a zero byte, so values end clearly. */
export function sortBytes(layout: Layout, dimensions: Readonly<Record<string, string>>): Uint8Array {
  const leading = tupleDimensions(layout).filter((name) => name !== layout.dateDimension);
  const parts = [partitionOf(layout, dimensions), ...leading.map((name) => dimensions[name] ?? "")];
  return Buffer.from(parts.map((part) => `${part}\0`).join(""));
}
