/**
 * Files that are being written: in the hidden area, on the same file system as the place they will have. A file is given its
 * name only when its bytes are whole and synced; a failed or killed write leaves at most a temporary file (swept later).
 */
import { createHash, hash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { BlobBody } from "../../ports/blob-store.ts";
import type { FolderDisk, NewFile } from "./disk.ts";
import { meansAbsent } from "../system-errors.ts";

export interface Written {
  readonly path: string;
  /** SHA-256 of the bytes, hex. */
  readonly etag: string;
  readonly size: number;
  /** It has its owner's name, too, whose removal changes what the file is known by. */
  readonly isNamedTwice: boolean;
}

/** What is known of bytes that were written. */
type Content = Pick<Written, "etag" | "size">;

/** Writes the body to a new temporary file. Errors of the body pass through; the file is gone then. */
export async function writeTemporary(
  folder: string,
  body: BlobBody,
  disk: FolderDisk,
  options: { readonly sync: boolean },
): Promise<Written> {
  const path = temporaryPath(folder);
  const file = await disk.newFile(path);
  try {
    try {
      const written = body instanceof Uint8Array ? await writeBytes(file, body) : await writePieces(file, body);
      if (options.sync) await file.sync();
      return { path, ...written, isNamedTwice: false };
    } finally {
      await file.close();
    }
  } catch (error) {
    dropTemporary(path, disk);
    throw error;
  }
}

/** A name that nothing has. */
export function temporaryPath(folder: string): string {
  return join(folder, `${process.pid}-${randomBytes(10).toString("hex")}`);
}

async function writeBytes(file: NewFile, bytes: Uint8Array): Promise<Content> {
  await file.write(bytes);
  return { etag: hash("sha256", bytes), size: bytes.length };
}

async function writePieces(file: NewFile, body: AsyncIterable<Uint8Array>): Promise<Content> {
  const pieces = createHash("sha256");
  let size = 0;
  for await (const piece of body) {
    pieces.update(piece);
    size += piece.length;
    await file.write(piece);
  }
  return { etag: pieces.digest("hex"), size };
}

/** Removes a temporary file, if it is still there. */
export function dropTemporary(path: string, disk: FolderDisk): void {
  try {
    disk.unlink(path);
  } catch (error) {
    if (!meansAbsent(error)) throw error;
  }
}
