/** What the blob store's suite needs minutes for: a reader that pauses for a minute, a 5 GB stream; and rates, printed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../shared/clock.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { MemoryBlobStore } from "../../shared/memory/blob-store.ts";
import { blobStoreContract } from "../contract/blob-store.ts";
import { bytesOf, keysAt, textAt } from "../support/blob-store-helpers.ts";
import { atEnd } from "../support/cleanup.ts";
import { start } from "../support/processes.ts";
import { repositoryRoot } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";

const pauseMs = 60_000;
const streamBytes = 5_000_000_000;
const grownMiBMax = 64;
/** Far below what any disk of the last ten years does; below it something is wrong. */
const perSecondMin = 100;

blobStoreContract("memory, a reader that pauses for a minute", () => new MemoryBlobStore({ clock: systemClock }), {
  pauseMs,
});
blobStoreContract(
  "folder, a reader that pauses for a minute",
  () => FolderBlobStore.open(tempDir("store"), { create: true }),
  { pauseMs },
);

describe("folder store: size and speed", () => {
  it(`streams ${streamBytes} bytes in and out, RSS growing by at most ${grownMiBMax} MiB`, async () => {
    const program = join(repositoryRoot, "test/support/blob-store-stream.ts");
    const child = await start(process.execPath, [program, tempDir("stream"), `${streamBytes}`]);
    const ended = await child.waitForEnd(580_000);
    assert.equal(ended.code, 0, ended.stderr);
    const { grownMiB } = JSON.parse(ended.stdout) as { grownMiB: number };
    console.log(`      RSS grew by ${grownMiB} MiB`);
    assert.ok(grownMiB <= grownMiBMax, `${grownMiB} MiB`);
  }).timeout(600_000);

  it("writes and reads small blobs at rates that are printed", async () => {
    const store = await FolderBlobStore.open(tempDir("rates"), { create: true });
    atEnd(() => store.close());
    const count = 1_000;
    const numbers = Array.from({ length: count }, (_, index) => index);
    let etag: string | null = null;
    const rates: [string, () => Promise<void>][] = [
      ["create, one after the other", inTurn((n) => store.create(`a/${n}`, bytesOf(`${n}`)))],
      ["create, at once", atOnce((n) => store.create(`b/${n}`, bytesOf(`${n}`)))],
      ["put, one after the other", inTurn((n) => store.put(`c/${n}`, bytesOf(`${n}`)))],
      [
        "put unsynced, then flush",
        async () => {
          await inTurn((n) => store.putUnsynced(`d/${n}`, bytesOf(`${n}`)))();
          await store.flush();
        },
      ],
      [
        "swap",
        inTurn(async (n) => {
          const swapped = await store.swap("head", bytesOf(`${n}`), etag);
          assert.ok(swapped.swapped);
          ({ etag } = swapped);
        }),
      ],
      ["get", inTurn((n) => textAt(store, `a/${n}`))],
      ["list", async () => assert.equal((await keysAt(store, "a/")).length, count)],
    ];
    function inTurn(call: (n: number) => Promise<unknown>): () => Promise<void> {
      return async () => {
        for (const n of numbers) await call(n);
      };
    }
    function atOnce(call: (n: number) => Promise<unknown>): () => Promise<void> {
      return async () => {
        await Promise.all(numbers.map(call));
      };
    }
    for (const [name, run] of rates) {
      const startedAt = performance.now();
      await run();
      const perSecond = Math.round((count / (performance.now() - startedAt)) * 1000);
      console.log(`      ${name}: ${perSecond} blobs/s`);
      assert.ok(perSecond >= perSecondMin, `${name}: ${perSecond} blobs/s`);
    }
  }).timeout(120_000);
});
