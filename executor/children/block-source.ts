/**
 * The compressed bytes of one block, from a file or a URL, with its size and etag checked: at the beginning where the source
 * tells them, and at the end. Nothing here knows who signed a URL; a new one is asked for after a cut.
 *
 * What may go wrong, as the fault of the block: gone (no file, 404), replaced (another size or etag, touched while it was
 * read, 412), archived, environment (refused, also under a new URL), bad-input never (that is the codec's word),
 * infrastructure (anything else: it says nothing about the block).
 */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, messageOf } from "../../shared/errors.ts";
import { httpGet } from "../../shared/http-get.ts";
import type { Lent } from "../../shared/ports/blob-store.ts";
import type { Fault, JobBlock } from "../types.ts";
import { refusalBytesMax, refusalOf } from "./url-refusal.ts";

/** Of one read from a file. */
const readBytes = 256 * 1024;

/** Requests for one block, the first one included: a cut download goes on where it was. */
const requestsMax = 5;
const retryMs = 200;

/** What no other URL for the same block would cure. */
const finalCauses: ReadonlySet<Fault["cause"]> = new Set(["gone", "replaced", "archived"]);

/** What `<size>-<mtime ns>` etags look like: those of files that Spotfold did not write. */
const fileEtagPattern = /^\d+-\d+$/;

export type SourceBlock = Pick<JobBlock, "index" | "key" | "size" | "etag">;

export class SourceFault extends Error {
  readonly fault: Fault;

  constructor(block: SourceBlock, cause: Fault["cause"], reason: string, message: string) {
    super(message);
    this.name = "SourceFault";
    this.fault = { cause, reason, message: `${block.key}: ${message}`, block: block.index };
  }
}

/** `lend` is asked at each open; a connection that is silent for `silentMs` is given up. Throws `SourceFault`. */
export async function* readBlock(
  block: SourceBlock,
  lend: () => Promise<Lent>,
  silentMs: number,
): AsyncGenerator<Uint8Array> {
  const lent = await lend();
  let bytes = 0;
  for await (const chunk of lent.kind === "path"
    ? readFile(block, lent.path)
    : readUrl(block, lent.url, lend, silentMs)) {
    bytes += chunk.length;
    if (bytes > block.size)
      throw new SourceFault(block, "replaced", "replaced", `it has more than ${block.size} bytes`);
    yield chunk;
  }
  if (bytes < block.size) {
    throw new SourceFault(block, "replaced", "replaced", `it has ${bytes} bytes instead of ${block.size}`);
  }
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
    if (error instanceof SourceFault) throw error;
    throw new SourceFault(block, "infrastructure", codeOf(error) ?? "read", messageOf(error));
  } finally {
    await file.close();
  }
}

async function checkFile(block: SourceBlock, file: FileHandle): Promise<void> {
  const stats = await file.stat({ bigint: true });
  if (Number(stats.size) !== block.size) {
    throw new SourceFault(block, "replaced", "replaced", `it has ${stats.size} bytes instead of ${block.size}`);
  }
  if (fileEtagPattern.test(block.etag) && `${stats.size}-${stats.mtimeNs}` !== block.etag) {
    throw new SourceFault(block, "replaced", "replaced", "it was changed since it was catalogued");
  }
}

function openFault(block: SourceBlock, error: unknown): SourceFault {
  switch (codeOf(error) ?? "") {
    case "ENOENT":
    case "ENOTDIR":
    case "EISDIR":
      return new SourceFault(block, "gone", "gone", "it is not there any more");
    case "EACCES":
    case "EPERM":
      return new SourceFault(block, "environment", "access-denied", messageOf(error));
    default:
      return new SourceFault(block, "infrastructure", codeOf(error) ?? "open", messageOf(error));
  }
}

async function* readUrl(
  block: SourceBlock,
  url: string,
  lend: () => Promise<Lent>,
  silentMs: number,
): AsyncGenerator<Uint8Array> {
  let position = 0;
  let target = url;
  for (let request = 1; ; request++) {
    try {
      for await (const chunk of await fetchFrom(block, target, position, silentMs)) {
        position += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (error instanceof SourceFault && finalCauses.has(error.fault.cause)) throw error;
      if (request >= requestsMax) {
        throw error instanceof SourceFault
          ? error
          : new SourceFault(block, "infrastructure", "fetch", messageOf(error));
      }
    }
    await sleep(retryMs * request);
    const lent = await lend();
    if (lent.kind !== "url")
      throw new SourceFault(block, "infrastructure", "fetch", "it was lent as a file after a URL");
    target = lent.url;
  }
}

async function fetchFrom(
  block: SourceBlock,
  url: string,
  position: number,
  silentMs: number,
): Promise<AsyncIterable<Uint8Array>> {
  const headers: Record<string, string> = { "if-match": `"${block.etag}"` };
  if (position > 0) headers["range"] = `bytes=${position}-`;
  const { status, body } = await httpGet(url, headers, silentMs);
  if (status === (position > 0 ? 206 : 200)) return body;
  const { cause, reason, message } = refusalOf(status, await beginningOf(body));
  throw new SourceFault(block, cause, reason, message);
}

/** What the answer says; what cannot be read says nothing. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= refusalBytesMax) break;
    }
  } catch {
    // Cut: what came has to do.
  }
  return Buffer.concat(chunks).subarray(0, refusalBytesMax).toString();
}
