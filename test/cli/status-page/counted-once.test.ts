/** A block counts once: what is missing and tried again, by a retry or another run, is not open as well. Real masters and workers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AggregateLine, MissingReport, StatusDocument } from "../../../dashboard/status/document.ts";
import { spotfold } from "../../e2e/spotfold.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { repositoryRoot } from "../../support/requirements.ts";
import { tempDir } from "../../support/temp.ts";
import { layout, makeMissing, work } from "../retry/missing-logs.ts";
import { ask, startedServer } from "./running-server.ts";
import { flawsOf } from "./schema.ts";

describe("what the status page counts while missing blocks are tried again", function countedSuite() {
  this.timeout(300_000);

  let folder: string;
  let clock: ManualClock;
  let first: string;

  beforeEach(async () => {
    folder = tempDir("counted-once");
    clock = new ManualClock();
    ({ run: first } = await makeMissing(folder));
  });

  const done = async (...words: string[]): Promise<string> => {
    const ended = await spotfold(folder, words);
    assert.equal(ended.code, 0, ended.stderr);
    return ended.stdout;
  };
  const storedBy = async (...words: string[]): Promise<string> =>
    (JSON.parse(await done(...words, "--json")) as { run: string }).run;
  const schema = JSON.parse(readFileSync(join(repositoryRoot, "docs/formats/status.schema.json"), "utf8")) as object;
  const look = async (port: number): Promise<StatusDocument> => {
    // Less than coverage is kept for: a run that was admitted is seen at once.
    await clock.advance(3_000);
    const document = JSON.parse((await ask(port, "/status.json")).text) as StatusDocument;
    assert.deepEqual(flawsOf(schema, document), []);
    return document;
  };
  const blocksOf = ({ aggregates }: StatusDocument): AggregateLine["blocks"] => aggregates[0]?.blocks ?? null;
  const groupOf = ({ missing }: StatusDocument): MissingReport["groups"][number] | undefined => missing.groups[0];

  it("a retry: all that is selected, whatever is missing, tried again and covered", async () => {
    const { port } = await startedServer({ folder, clock });
    assert.deepEqual(blocksOf(await look(port)), { covered: 3, missing: 3, open: 0, triedAgain: 0 });
    const run = await storedBy("retry", "sums");
    await done("master", "--once");
    const during = await look(port);
    assert.deepEqual(blocksOf(during), { covered: 3, missing: 3, open: 0, triedAgain: 2 });
    const { triedAgain, aggregates, count } = during.missing;
    assert.deepEqual([count, triedAgain, aggregates], [3, 2, 1]);
    assert.deepEqual(groupOf(during)?.triedBy, [run]);
    assert.deepEqual(
      during.runs.map((line) => [line.run, line.retry]),
      [
        [run, ["corrupt"]],
        [first, null],
      ],
    );
    assert.deepEqual(groupOf(during)?.reasons, [{ reason: "corrupt", count: 3, triedAgain: 2 }]);
    await work(folder);
    const after = await look(port);
    assert.deepEqual(blocksOf(after), { covered: 4, missing: 2, open: 0, triedAgain: 0 });
    assert.deepEqual(groupOf(after)?.triedBy, []);
  });

  it("a run over what is new, too: that alone is open", async () => {
    const [bundle = ""] = /[0-9a-f]{64}/.exec(await done("bundles", "--json")) ?? [];
    const data = ["--data", "./logs", "--layout", layout, "--into", "sums", "--reprocess"];
    const run = await storedBy("submit", `bundle:${bundle}`, ...data);
    await done("master", "--once");
    const { port } = await startedServer({ folder, clock });
    const during = await look(port);
    assert.deepEqual(blocksOf(during), { covered: 3, missing: 3, open: 1, triedAgain: 2 });
    assert.deepEqual(groupOf(during)?.triedBy, [run]);
    assert.notEqual(run, first);
  });
});
