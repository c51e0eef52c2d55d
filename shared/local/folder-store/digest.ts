/** What a whole file holds, as an etag: for who has it open. */
import { createHash } from "node:crypto";
import { read as readFd } from "node:fs";
import { promisify } from "node:util";

const read = promisify(readFd);

/** Read at once: large enough that a trip to a thread does not count. */
const readBytes = 1024 * 1024;

/** SHA-256 (hex) and size of what lies from the file's begin to its end; wherever the descriptor's own position is. */
export async function digestOf(
  descriptor: number,
  expectedBytes: number,
): Promise<{ readonly etag: string; readonly size: number }> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafeSlow(Math.min(readBytes, expectedBytes + 1));
  let size = 0;
  for (;;) {
    const { bytesRead } = await read(descriptor, buffer, 0, buffer.length, size);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
  return { etag: hash.digest("hex"), size };
}
