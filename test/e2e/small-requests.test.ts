/**
 * What a whole run over small blocks in a bucket costs in requests: at most 1.2 for each block, whatever they are for. The figure of
 * `npm run bench -- small-s3`, held here.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { requestsOfRun } from "../../bench/s3-requests.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import { cleanEnv } from "../support/processes.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";

/** So many that what grows with a run's time (looks at the head, at holds) and not with its blocks has room on a slow machine. */
const blocks = 2_000;
const perBlockMax = 1.2;

describe("a run over small blocks in a bucket", function smallRequestsSuite() {
  needs("moto");
  this.timeout(600_000);

  let moto: Moto;
  before(async () => {
    moto = await startMoto();
  });

  it("makes one request for each block, and few others", async () => {
    const folder = join(tempDir("small-requests"), "run");
    const env = cleanEnv(moto.env);
    const { byKind, all, covered } = await requestsOfRun({ endpoint: moto.endpoint, env, folder, blocks });
    const table = [...byKind].map(([kind, times]) => `${times} ${kind}`).join(", ");
    console.log(`      ${all} requests for ${blocks} blocks: ${table}`);
    assert.equal(covered, blocks);
    // One more is mapped before the run is submitted.
    assert.equal(byKind.get("GET blocks"), blocks + 1, table);
    assert.ok(all <= perBlockMax * blocks, table);
  });
});
