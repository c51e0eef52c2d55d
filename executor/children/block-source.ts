/**
 * The compressed bytes of one block, from a file or a URL, with its size and etag checked: at the beginning where the source
 * tells them, and at the end. Nothing here knows who signed a URL; a new one is asked for after a cut.
 *
 * What may go wrong, as the fault of the block: gone (no file, 404), replaced (another size or etag, touched while it was
 * read, 412), archived, environment (refused, also under a new URL: url-bytes.ts), bad-input never (that is the codec's word),
 * infrastructure (anything else: it says nothing about the block).
 */
import type { BigIntStats } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import type { Lent, LentUrl } from "../../shared/ports/blob-store.ts";
import { causeOfCode } from "../cause-of-code.ts";
import type { Fault, JobBlock } from "../types.ts";
import type { ReadUrl } from "./url-bytes.ts";

/** Of one read from a file. */
const readBytes = 256 * 1024;

/** What `<size>-<mtime ns>` etags look like: those of files that Spotfold did not write. */
const fileEtagPattern = /^\d+-\d+$/;

/** The etag tells, with what the file system says of a file, whether it is the one that was catalogued. */
export function isFileEtag(etag: string): boolean {
  return fileEtagPattern.test(etag);
}

export type SourceBlock = Pick<JobBlock, "index" | "key" | "size" | "etag">;

export class SourceFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.name = "SourceFault";
    this.fault = fault;
  }
}

function sourceFault(
  block: SourceBlock,
  cause: Fault["cause"],
  reason: string,
  message: string,
  hint?: string,
): SourceFault {
  const told = { cause, reason, message: `${block.key}: ${message}`, block: block.index };
  return new SourceFault(hint === undefined ? told : { ...told, hint });
}

/** `lend` is asked at each open, and may throw a `SourceFault` of its own; `reader` where it lends a URL. Throws `SourceFault`. */
export async function* readBlock(
  block: SourceBlock,
  lend: () => Promise<Lent>,
  reader: () => Promise<ReadUrl>,
): AsyncGenerator<Uint8Array> {
  const lent = await lend();
  let bytes = 0;
  for await (const chunk of lent.kind === "path"
    ? readFile(block, lent.path)
    : readUrl(block, lent, lend, await reader())) {
    bytes += chunk.length;
    if (bytes > block.size) throw sourceFault(block, "replaced", "replaced", `it has more than ${block.size} bytes`);
    yield chunk;
  }
  if (bytes < block.size) throw replacedFault(block, bytes);
}

export function replacedFault(block: SourceBlock, bytes: number | bigint): SourceFault {
  return sourceFault(block, "replaced", "replaced", `it has ${bytes} bytes instead of ${block.size}`);
}

async function* readFile(block: SourceBlock, path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path).catch((error: unknown) => {
    throw openFault(block, error);
  });
  try {
    await checkFile(block, file);
    for (let position = 0; ;) {
      const buffer = Buffer.allocUnsafeSlow(readBytes);
      const { bytesRead } = await file.read(buffer, 0, readBytes, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    // Touched while it was read: what was read may be half of each.
    await checkFile(block, file);
  } catch (error) {
    throw readFault(block, error);
  } finally {
    await file.close();
  }
}

async function checkFile(block: SourceBlock, file: FileHandle): Promise<void> {
  checkStats(block, await file.stat({ bigint: true }));
}

/** Throws when the file is not the one that was catalogued. */
export function checkStats(block: SourceBlock, stats: Pick<BigIntStats, "size" | "mtimeNs">): void {
  if (Number(stats.size) !== block.size) throw replacedFault(block, stats.size);
  if (isFileEtag(block.etag) && `${stats.size}-${stats.mtimeNs}` !== block.etag) {
    throw sourceFault(block, "replaced", "replaced", "it was changed since it was catalogued");
  }
}

/** Of a file that is open. */
export function readFault(block: SourceBlock, error: unknown): SourceFault {
  if (error instanceof SourceFault) return error;
  return sourceFault(block, "infrastructure", codeOf(error) ?? "read", messageOf(error));
}

export function openFault(block: SourceBlock, error: unknown): SourceFault {
  switch (codeOf(error) ?? "") {
    case "ENOENT":
    case "ENOTDIR":
    case "EISDIR":
      return sourceFault(block, "gone", "gone", "it is not there any more");
    case "EACCES":
    case "EPERM":
      return sourceFault(block, "environment", "access-denied", messageOf(error));
    default:
      return sourceFault(block, "infrastructure", codeOf(error) ?? "open", messageOf(error));
  }
}

async function* readUrl(
  block: SourceBlock,
  first: LentUrl,
  lend: () => Promise<Lent>,
  read: ReadUrl,
): AsyncGenerator<Uint8Array> {
  const again = async (): Promise<LentUrl> => {
    const lent = await lend();
    if (lent.kind === "url") return lent;
    throw sourceFault(block, "infrastructure", "lend", "it was lent as a file after a URL");
  };
  try {
    yield* read(block, first, again);
  } catch (error) {
    if (!(error instanceof SpotfoldError)) throw error;
    const cause = causeOfCode(error.code);
    const reason = cause === "environment" || cause === "infrastructure" ? error.code : cause;
    throw sourceFault(block, cause, reason, error.message, error.hint);
  }
}
