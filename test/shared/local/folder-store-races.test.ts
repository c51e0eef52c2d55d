/** Eight processes on one folder: of a hundred races for a create, and a hundred for a swap, each has one winner. */
import assert from "node:assert/strict";
import { startFolderRival } from "../../../shared/local/folder-store/rival.ts";
import { FolderBlobStore } from "../../../shared/local/folder-store/store.ts";
import type { Rival, RivalAnswer } from "../../../shared/store-probe.ts";
import { bytesOf, keysAt, textAt } from "../../support/blob-store-helpers.ts";
import { atEnd } from "../../support/cleanup.ts";
import { tempDir } from "../../support/temp.ts";

const processes = 8;
const races = 100;

async function startAll(path: string): Promise<Rival[]> {
  const rivals = await Promise.all(Array.from({ length: processes }, () => startFolderRival(path)));
  atEnd(async () => {
    await Promise.all(rivals.map((rival) => rival.close()));
  });
  return rivals;
}

/** All at once. The one winner, by number, and all answers. */
async function race(rivals: Rival[], key: string, expected: string | null): Promise<[number, RivalAnswer[]]> {
  const answers = await Promise.all(rivals.map((rival, number) => rival.call({ key, text: `${number}`, expected })));
  const winners = answers.flatMap((answer, number) => (answer.won ? [number] : []));
  assert.equal(winners.length, 1, `${winners.length} of ${processes} won ${key}`);
  return [winners[0] ?? -1, answers];
}

describe("folder store: races of processes", () => {
  it(`${processes} processes: one winner in each of ${races} races for a create, the losers see its record`, async () => {
    const store = await FolderBlobStore.open(tempDir("races"));
    atEnd(() => store.close());
    const rivals = await startAll(store.path);
    const winners = new Set<number>();
    for (let round = 0; round < races; round++) {
      // Folders that come into being, and a place that is taken, are raced for as well.
      const key = ["r/plain", `r/new-${round}/x`, "r/plain-1/below"][round % 3] + `-${round}`;
      const [winner, answers] = await race(rivals, key, null);
      for (const answer of answers) if (!answer.won) assert.equal(answer.existing, `${winner}`);
      assert.equal(await textAt(store, key), `${winner}`);
      winners.add(winner);
    }
    assert.ok(winners.size > 1, "the same process won every race: they did not race");
    assert.equal((await keysAt(store, "r/")).length, races);
  }).timeout(60_000);

  it(`${processes} processes: one winner in each of ${races} races for a swap`, async () => {
    const store = await FolderBlobStore.open(tempDir("races"));
    atEnd(() => store.close());
    const rivals = await startAll(store.path);
    let { etag } = await store.put("head", bytesOf("start"));
    const winners = new Set<number>();
    for (let round = 0; round < races; round++) {
      const [winner, answers] = await race(rivals, "head", etag);
      assert.equal(await textAt(store, "head"), `${winner}`);
      assert.equal((await store.head("head"))?.etag, answers.find((answer) => answer.won)?.etag);
      // Other bytes for the next round, or a winner would swap its bytes for themselves.
      ({ etag } = await store.put("head", bytesOf(`round ${round}`)));
      winners.add(winner);
    }
    assert.ok(winners.size > 1, "the same process won every race: they did not race");
  }).timeout(60_000);
});
