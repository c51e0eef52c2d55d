/**
 * A segment that a store lent as a URL, as a file here, since children read files only. What is cut goes on where it was: a
 * segment never changes under its name. A failed server is asked again a few times; the pass that needs the segment begins
 * again after that, with a URL of its own.
 */
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { codeOf, messageOf, SpotfoldError } from "../../shared/errors.ts";
import { httpGet } from "../../shared/http-get.ts";

/** Requests in a row that bring no byte, the first one included. */
const requestsMax = 5;
const retryMs = 200;

const httpOk = 200;
const httpPartial = 206;

/** Writes the file, which must not be there. Throws `store-unavailable`, or what the file system says. */
export async function fetchSegment(url: string, path: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    let position = 0;
    for (let request = 1; ; request++) {
      const start = position;
      try {
        for await (const chunk of await opened(url, position)) {
          await written(file.writeFile(chunk));
          position += chunk.length;
          request = 1;
        }
        return;
      } catch (error) {
        if (error instanceof DiskFault) throw error.cause;
        if (request >= requestsMax) throw unavailable(error);
      }
      await sleep(retryMs * (position > start ? 1 : request));
    }
  } finally {
    await file.close();
  }
}

/** Tells the disk's faults from the network's: asking again cures no full disk. */
class DiskFault extends Error {}

async function written(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    throw new DiskFault(messageOf(error), { cause: error });
  }
}

async function opened(url: string, position: number): Promise<AsyncIterable<Uint8Array>> {
  const { status, body } = await httpGet(url, position > 0 ? { range: `bytes=${position}-` } : {});
  if (status === (position > 0 ? httpPartial : httpOk)) return body;
  body.destroy();
  throw new SpotfoldError("store-unavailable", `the store answered ${status}`);
}

function unavailable(error: unknown): SpotfoldError {
  const code = error instanceof SpotfoldError ? undefined : codeOf(error);
  const said = `${messageOf(error)}${code === undefined ? "" : ` (${code})`}`;
  return new SpotfoldError("store-unavailable", `a segment could not be fetched, tried ${requestsMax} times: ${said}`, {
    hint: "See whether the network or the store is overloaded; it is tried again.",
    retryable: true,
    cause: error,
  });
}
