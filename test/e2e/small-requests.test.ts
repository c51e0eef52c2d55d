/**
 * What a whole run over small blocks in a bucket costs in requests: one for each block, and few others. `npm run bench -- small-s3` has
 * the figure with the looks at what changes, which grow with the time that a run takes; here they are left out.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { requestsOfRun } from "../../bench/s3-requests.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import { cleanEnv } from "../support/processes.ts";
import { needs } from "../support/requirements.ts";
import { tempDir } from "../support/temp.ts";

const blocks = 2_000;
const perBlockMax = 1.1;
/** Of the head, of holds, of what is resolved: every few seconds, so more of them where a machine is slow. */
const looks: ReadonlySet<string> = new Set(["GET store", "LIST store", "HEAD store"]);

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
    const { byKind, covered } = await requestsOfRun({ endpoint: moto.endpoint, env, folder, blocks });
    const table = [...byKind].map(([kind, times]) => `${times} ${kind}`).join(", ");
    assert.equal(covered, blocks);
    // One more is mapped before the run is submitted.
    assert.equal(byKind.get("GET blocks"), blocks + 1, table);
    const others = [...byKind].filter(([kind]) => !looks.has(kind)).reduce((sum, [, times]) => sum + times, 0);
    assert.ok(others <= perBlockMax * blocks, table);
  });
});
