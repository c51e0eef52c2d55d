/** The integrity checks of `.xz` blocks: none, CRC32, CRC64 (what `xz` writes), SHA-256. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export interface BlockCheck {
  /** Bytes of the check as stored. */
  readonly size: number;
  add(bytes: Uint8Array): void;
  /** The check as it must be stored. Called once. */
  digest(): Buffer;
}

/** The check of this number in a stream's flags; undefined for those that the format reserves. */
export function xzCheck(kind: number): BlockCheck | undefined {
  switch (kind) {
    case 0:
      return { size: 0, add: () => undefined, digest: () => Buffer.alloc(0) };
    case 1:
      return crc32Check();
    case 4:
      return crc64Check();
    case 10: {
      const hash = createHash("sha256");
      return { size: 32, add: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
    }
    default:
      return undefined;
  }
}

function crc32Check(): BlockCheck {
  let crc = 0;
  return {
    size: 4,
    add: (bytes) => {
      crc = crc32(bytes, crc);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(crc);
      return bytes;
    },
  };
}

/** CRC-64/XZ, reflected. Tables for each of eight bytes, low and high halves: eight bytes per step, 1 GB/s. */
function crc64Check(): BlockCheck {
  let low = -1;
  let high = -1;
  return {
    size: 8,
    add: (bytes) => {
      let at = 0;
      for (const end = bytes.length - 7; at < end; at += 8) {
        const first = low ^ wordAt(bytes, at);
        const second = high ^ wordAt(bytes, at + 4);
        const a = 7 * 256 + (first & 255);
        const b = 6 * 256 + ((first >>> 8) & 255);
        const c = 5 * 256 + ((first >>> 16) & 255);
        const d = 4 * 256 + (first >>> 24);
        const e = 3 * 256 + (second & 255);
        const f = 2 * 256 + ((second >>> 8) & 255);
        const g = 256 + ((second >>> 16) & 255);
        const h = second >>> 24;
        low = LOW[a]! ^ LOW[b]! ^ LOW[c]! ^ LOW[d]! ^ LOW[e]! ^ LOW[f]! ^ LOW[g]! ^ LOW[h]!;
        high = HIGH[a]! ^ HIGH[b]! ^ HIGH[c]! ^ HIGH[d]! ^ HIGH[e]! ^ HIGH[f]! ^ HIGH[g]! ^ HIGH[h]!;
      }
      for (; at < bytes.length; at++) {
        const entry = (low ^ bytes[at]!) & 255;
        low = ((low >>> 8) | (high << 24)) ^ LOW[entry]!;
        high = (high >>> 8) ^ HIGH[entry]!;
      }
    },
    digest: () => {
      const bytes = Buffer.alloc(8);
      bytes.writeInt32LE(~low, 0);
      bytes.writeInt32LE(~high, 4);
      return bytes;
    },
  };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

const POLYNOMIAL_LOW = 0xd7870f42 | 0;
const POLYNOMIAL_HIGH = 0xc96c5795 | 0;

const LOW = new Int32Array(8 * 256);
const HIGH = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const out = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (out === 1) {
      low ^= POLYNOMIAL_LOW;
      high ^= POLYNOMIAL_HIGH;
    }
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}
for (let entry = 256; entry < 8 * 256; entry++) {
  const low = LOW[entry - 256]!;
  const high = HIGH[entry - 256]!;
  LOW[entry] = ((low >>> 8) | (high << 24)) ^ LOW[low & 255]!;
  HIGH[entry] = (high >>> 8) ^ HIGH[low & 255]!;
}
