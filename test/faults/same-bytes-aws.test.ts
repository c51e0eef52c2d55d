/**
 * The histogram aggregate of one data set, from one process on a folder and from four workers and two masters over S3 and SQS:
 * the same published bytes, which are those of a plain sequential program. Under faults: the files beside this one.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { referenceDashboard } from "../reference/dashboard.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";
import { Cloud, datasetName, writeDataset } from "./cloud.ts";
import { Crew } from "./crew-aws.ts";
import { definitionsFile, makeMixed, smallSource, writeOddBlock } from "./data.ts";
import { assertEqualsReference, assertSamePublished, readPublished } from "./published.ts";
import { Site } from "./site.ts";

const blocksPerCodec = 3;
const recordsPerBlock = 6;
const aggregate = "dashboard";
const request = ["histograms", "--data", datasetName, "--definitions", definitionsFile()];

describe("the published bytes of four workers and two masters over S3 and SQS", function sameBytes() {
  this.timeout(500_000);
  needs("moto", "data", "linux", "xz", "gzip", "zstd");

  it("are those of one process on a folder, and of the sequential reference", async () => {
    const root = tempDir("same-bytes-aws");
    const folder = join(root, "blocks");
    const source = smallSource(root);
    const keys = makeMixed({ folder, blocks: blocksPerCodec, records: recordsPerBlock, seed: 7, source });
    keys.push(writeOddBlock(folder, keys.find((key) => key.endsWith(".json")) ?? ""));
    writeDataset(root, folder);
    await new Site(root).runWhole([...request, "--into", aggregate]);
    const expected = readPublished(join(root, ".spotfold/web", aggregate));
    assertEqualsReference(expected, referenceDashboard(folder, definitionsFile()));
    const cloud = await Cloud.start();
    const site = await cloud.site(await cloud.upload(folder));
    const crew = await Crew.start(site, request, { masters: 2, workers: 4 });
    await crew.watched(async () => {
      await crew.submit(aggregate);
      assertSamePublished(await site.published(aggregate, keys.length), expected);
    });
    const busy = crew.of("worker").filter(({ log }) => log.includes('"how":"resolved"'));
    assert.ok(busy.length >= 2, `${busy.length} of the workers had a job`);
    await crew.drain();
  });
});
