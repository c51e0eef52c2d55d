/** The set of entered jobs of a plan, as a base64 bitmap: 1.25 KB for 10,000 jobs. Immutable: `withBits` makes a copy. */

export function emptyBitmap(size: number): string {
  return Buffer.alloc(Math.ceil(size / 8)).toString("base64");
}

export function decodeBitmap(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

export function hasBit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** As `hasBit`, of the text: decodes the four characters that hold the bit, whatever the size of the set. */
export function hasBitOf(text: string, index: number): boolean {
  const byte = index >> 3;
  const group = Math.floor(byte / 3);
  const bytes = Buffer.from(text.slice(group * 4, group * 4 + 4), "base64");
  return ((bytes[byte % 3] ?? 0) & (1 << (index & 7))) !== 0;
}

export function withBits(text: string, indexes: Iterable<number>): string {
  const bits = Buffer.from(text, "base64");
  for (const index of indexes) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  return bits.toString("base64");
}

/** The first index that is not in the set, or `size`. */
export function firstMissing(bits: Uint8Array, size: number): number {
  for (let index = 0; index < size; index++) {
    if ((index & 7) === 0 && bits[index >> 3] === 0xff) {
      index += 7;
      continue;
    }
    if (!hasBit(bits, index)) return index;
  }
  return size;
}
