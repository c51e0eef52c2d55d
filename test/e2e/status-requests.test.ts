/**
 * What the status page costs in requests over S3 and SQS, as docs/aws.md says: nothing while nobody looks, a few lists and small
 * reads for each refresh, and a read for each of the last runs when somebody opens the form. Printed: each kind, a refresh.
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StatusDocument } from "../../dashboard/status/document.ts";
import { compareTexts } from "../../shared/segment/order.ts";
import { startCountingProxy, type Counted } from "../support/counting-proxy.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, useMotoCredentials } from "../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../support/sqs.ts";
import { tempDir } from "../support/temp.ts";
import { spotfold, startSpotfold } from "./spotfold.ts";

/** List prices, USD for a million requests, and refreshes of an hour. */
const prices = { LIST: 5, GET: 0.4, HEAD: 0.4, SQS: 0.4 };
const refreshesPerHour = 360;
/** Of the page, at the tests' scale. */
const refreshes = 10;

describe("what the status page costs in requests", function costSuite() {
  needs("moto");
  this.timeout(300_000);

  let moto: Moto;

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
  });

  it("is what the documentation says, for one aggregate, one waiting run and no worker", async () => {
    const proxy = await startCountingProxy(moto.endpoint);
    for (const end of ["jobs", "ready"]) await createQueue(sqsClient(moto.endpoint), `seen-${end}`);
    const [store, web] = [await newBucket(moto.endpoint), await newBucket(moto.endpoint)];
    const folder = tempDir("status-requests");
    mkdirSync(join(folder, "logs"));
    for (const name of ["a", "b", "c"]) writeFileSync(join(folder, "logs", `${name}.json`), '{"x":1}\n');
    const places = { SPOTFOLD_STORE: store, SPOTFOLD_WEB: web, SPOTFOLD_QUEUE: "sqs://seen" };
    const as = (who: string) => ({
      env: { ...moto.env, ...places, AWS_ACCESS_KEY_ID: who, AWS_ENDPOINT_URL: proxy.endpoint },
    });
    const request = ["counts", "--data", "./logs", "--layout", "{rest}", "--by"];
    const ran = await spotfold(folder, ["run", ...request, "$.x", "--into", "one"], as("OTHER"));
    assert.equal(ran.code, 0, ran.stderr);
    const waits = await spotfold(folder, ["submit", ...request, "$.y", "--into", "two"], as("OTHER"));
    assert.equal(waits.code, 0, waits.stderr);

    const words = ["serve", "--status", "--port", "0", "--allow-actions"];
    const server = await startSpotfold(folder, words, as("PAGE"));
    const [, url = ""] = await server.waitFor(/ at (http:\S+)/, 60_000);
    const [, token = ""] = await server.waitFor(/asks for this token: (\S+)/, 60_000);
    const headers = { authorization: `Bearer ${token}` };
    const asked = (): readonly Counted[] => proxy.counted.filter(({ who }) => who === "PAGE");
    await sleep(3_000);
    assert.deepEqual(asked(), [], "nobody looks");

    const seen = new Map<string, number>();
    const look = async (): Promise<StatusDocument> =>
      (await (await fetch(new URL("status.json", url), { headers })).json()) as StatusDocument;
    // The first opens what the others use.
    const { refreshMs, aggregates, inbox } = await look();
    assert.deepEqual([aggregates.length, inbox.length], [1, 1]);
    const before = asked().length;
    const startedAt = performance.now();
    for (let refresh = 0; refresh < refreshes; refresh++) {
      await sleep(refreshMs + 100);
      await Promise.all([look(), look(), look()]);
    }
    const refreshTimes = (performance.now() - startedAt) / refreshMs;
    const kindOf = ({ operation }: Counted): string => (/^[A-Z]+$/.test(operation) ? operation : "SQS");
    for (const request of asked().slice(before)) seen.set(kindOf(request), (seen.get(kindOf(request)) ?? 0) + 1);
    const usd = Object.entries(prices).reduce((sum, [kind, price]) => sum + (seen.get(kind) ?? 0) * price, 0) / 1e6;
    for (const [kind, times] of [...seen].toSorted((a, b) => compareTexts(a[0], b[0])))
      console.log(`      ${kind} ${(times / refreshes).toFixed(1)} a refresh`);
    console.log(`      ${((usd / refreshes) * refreshesPerHour).toFixed(4)} USD an hour`);
    assert.deepEqual(
      [...seen.keys()].filter((kind) => !Object.hasOwn(prices, kind)),
      [],
      "it only reads",
    );
    assert.equal(seen.get("LIST"), 3 * refreshes);
    // A head, a run in the inbox and its entry, the lease; statuses of workers that ended are read for an hour.
    assert.ok((seen.get("GET") ?? 0) <= 5 * refreshes, JSON.stringify([...seen]));
    // By time, not by refreshes: on a busy machine those take longer.
    assert.ok((seen.get("HEAD") ?? 0) <= Math.ceil(refreshTimes / 5), JSON.stringify([...seen]));
    assert.ok((seen.get("SQS") ?? 0) <= 2 * refreshes);

    const known = asked().length;
    for (let time = 0; time < 3; time++)
      assert.equal((await fetch(new URL("choices.json", url), { headers })).status, 200);
    const form = asked().slice(known).map(kindOf);
    assert.deepEqual(form.toSorted(), ["GET", "GET", "LIST", "LIST"], "two runs, read once");
  });
});
