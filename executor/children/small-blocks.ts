/**
 * Small blocks, read and decoded in one go: for a block of some kilobytes, waiting for threads and pieces costs several times what
 * its bytes do. All of a block is decoded before anything of it is handed on, so damage never spoils a state.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { decodeWhole } from "../../shared/codecs/decode.ts";
import { codeOf } from "../../shared/errors.ts";
import { checkStats, isFileEtag, openFault, readFault, replacedFault } from "./block-source.ts";
import type { SourceBlock } from "./block-source.ts";
import { heldBytesMax } from "./held-back.ts";

/** Compressed. Up to here, a read is not worth overlapping with anything. */
export const smallBytesMax = 64 * 1024;

/** Decoded, as much as is held back of any block: one that becomes larger is decoded piece by piece, like others. */
export const smallRawBytesMax = heldBytesMax;

/** Reading waits for no writer: what was a file when it was lent may be a pipe now. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;

/** The compressed bytes of a block that lies below the folder at its key, checked; null: it is to be asked for. Never throws. */
export function readBelow(block: SourceBlock, folder: string): Uint8Array | null {
  // Without a file's etag its size alone would tell that it is the block.
  if (!isFileEtag(block.etag)) return null;
  try {
    return readSmall(block, `${folder}/${block.key}`);
  } catch {
    // Whoever lends it says what is wrong: an absent file may be a disk that is not mounted.
    return null;
  }
}

/** The compressed bytes of a local block, checked as `readBlock` checks them. Throws `SourceFault`. */
export function readSmall(block: SourceBlock, path: string): Uint8Array {
  let file: number;
  try {
    file = openSync(path, flags);
  } catch (error) {
    throw openFault(block, error);
  }
  try {
    return readOpen(block, file);
  } catch (error) {
    throw readFault(block, error);
  } finally {
    closeSync(file);
  }
}

function readOpen(block: SourceBlock, file: number): Uint8Array {
  checkStats(block, fstatSync(file, { bigint: true }));
  const bytes = Buffer.allocUnsafe(block.size);
  let length = 0;
  for (let got = -1; got !== 0 && length < block.size; length += got) {
    got = readSync(file, bytes, length, block.size - length, null);
  }
  // Touched while it was read: what was read may be half of each. And it has no byte more.
  checkStats(block, fstatSync(file, { bigint: true }));
  if (length !== block.size) throw replacedFault(block, length);
  return bytes;
}

/** The decoded bytes; null when they are more than are decoded in one go. Throws what `decodeBlock` throws. */
export function decodeSmall(key: string, bytes: Uint8Array): readonly Uint8Array[] | null {
  const pieces: Uint8Array[] = [];
  let rawBytes = 0;
  try {
    for (const piece of decodeWhole(key, bytes, smallRawBytesMax)) {
      pieces.push(piece);
      rawBytes += piece.length;
      if (rawBytes > smallRawBytesMax) return null;
    }
  } catch (error) {
    if (codeOf(error) === "limit") return null;
    throw error;
  }
  return pieces;
}
