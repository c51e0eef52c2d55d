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

/** CRC-64/XZ, reflected. Four tables (low and high halves) take four bytes per step. */
function crc64Check(): BlockCheck {
  let low = -1;
  let high = -1;
  return {
    size: 8,
    add: (bytes) => {
      let at = 0;
      for (const end = bytes.length - 3; at < end; at += 4) {
        const word = low ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
        const a = 768 + (word & 255);
        const b = 512 + ((word >>> 8) & 255);
        const c = 256 + ((word >>> 16) & 255);
        const d = word >>> 24;
        low = high ^ LOW[a]! ^ LOW[b]! ^ LOW[c]! ^ LOW[d]!;
        high = HIGH[a]! ^ HIGH[b]! ^ HIGH[c]! ^ HIGH[d]!;
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

const POLYNOMIAL_LOW = 0xd7870f42 | 0;
const POLYNOMIAL_HIGH = 0xc96c5795 | 0;

const LOW = new Int32Array(4 * 256);
const HIGH = new Int32Array(4 * 256);
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
for (let entry = 256; entry < 4 * 256; entry++) {
  const low = LOW[entry - 256]!;
  const high = HIGH[entry - 256]!;
  LOW[entry] = ((low >>> 8) | (high << 24)) ^ LOW[low & 255]!;
  HIGH[entry] = (high >>> 8) ^ HIGH[low & 255]!;
}
