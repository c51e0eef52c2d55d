/**
 * The policies of docs/aws.md, held to what is asked for: workers, master and submitter have an access key each, and a proxy in
 * front of moto allows them what the page allows, and nothing else.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startMoto, type Moto } from "../support/moto.ts";
import { allows, startPolicedProxy, type Ask, type Statement } from "../support/policed-proxy.ts";
import { needs, repositoryRoot } from "../support/requirements.ts";
import { openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { tempDir } from "../support/temp.ts";
import { jsonOf, smallSample, spotfold, startSpotfold } from "./spotfold.ts";
import { upload } from "./together.ts";

const page = readFileSync(join(repositoryRoot, "docs/aws.md"), "utf8");
const region = "us-east-1";
const roles = ["workers", "masters", "submitters"] as const;
/** Access keys; the last is whoever set it all up. */
const keys = { workers: "AKIAWORKER", masters: "AKIAMASTER", submitters: "AKIASUBMITTER", owner: "AKIAOWNER" } as const;
const places = { store: "s3://my-runs/spotfold", web: "s3://my-site/spotfold", queue: "sqs://NAME" } as const;

/** In the page's order. */
function policies(): ReadonlyMap<string, readonly Statement[]> {
  const blocks = [...page.matchAll(/^```json\n([^]*?)^```$/gm)].map(([, text = ""]) => text);
  assert.equal(blocks.length, roles.length);
  return new Map(
    blocks.map((text, index) => {
      const named = text.replaceAll("REGION", region).replaceAll("ACCOUNT", "123456789012");
      return [roles[index] ?? "", (JSON.parse(named) as { readonly Statement: readonly Statement[] }).Statement];
    }),
  );
}

describe("the policies of docs/aws.md", function policySuite() {
  needs("moto");
  this.timeout(500_000);

  let moto: Moto;
  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
  });

  it("are what init, workers, a master and a submitter need", async () => {
    const allowed = policies();
    const isAllowed = (ask: Ask): boolean => {
      const role = roles.find((name) => keys[name] === ask.who);
      return role === undefined ? ask.who === keys.owner : allows(allowed.get(role) ?? [], ask);
    };
    const proxy = await startPolicedProxy(moto.endpoint, isAllowed, region);
    const envOf = (role: keyof typeof keys): Record<string, string> => ({
      ...moto.env,
      AWS_ENDPOINT_URL: proxy.endpoint,
      AWS_ACCESS_KEY_ID: keys[role],
    });
    const folder = tempDir("policies");
    const flags = Object.entries(places).flatMap(([name, place]) => [`--${name}`, place]);
    const init = ["init", "--create", "--public-web", "--data", "s3://my-logs/web", "--dataset", "web"];
    const made = await spotfold(folder, [...init, ...flags], { env: envOf("owner") });
    assert.equal(made.code, 0, made.stdout);
    const looked = await spotfold(folder, ["doctor"], { env: envOf("owner") });
    // The dataset's bucket is made by nobody.
    assert.match(looked.stdout, /^failed {2}web .*my-logs.* is not there/m);
    const asOwner = new Set(proxy.asked.map(({ action }) => action));
    assert.deepEqual(
      [...asOwner].filter((action) => !page.includes(`${action}\``) && !page.includes(`"${action}"`)),
      [],
    );

    const created = await fetch(`${moto.endpoint}/my-logs`, { method: "PUT" });
    assert.equal(created.status, 200);
    const sample = await smallSample(join(folder, "sample"), 4, 0.2);
    await upload(sample, await openS3(moto.endpoint, "s3://my-logs/web"), "");
    const master = await startSpotfold(folder, ["master"], { env: envOf("masters") });
    const worker = await startSpotfold(folder, ["worker"], { env: envOf("workers") });
    const request = ["submit", "os-distribution", "--data", "web", "--into", "systems", "--wait", "--json"];
    const ended = await spotfold(folder, request, { env: envOf("submitters") });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(jsonOf(ended).blocks.covered, 4);
    for (const words of [
      ["status"],
      ["results", "systems"],
      ["bundles"],
      ["submit", "os-distribution", "--data", "web", "--plan"],
    ]) {
      const { code, stderr } = await spotfold(folder, words, { env: envOf("submitters") });
      assert.equal(code, 0, stderr);
    }
    const retried = await spotfold(folder, ["retry", "systems"], { env: envOf("submitters") });
    assert.match(retried.stderr, /nothing is missing in systems/);
    for (const daemon of [worker, master]) {
      daemon.kill("SIGTERM");
      const { code, stderr } = await daemon.waitForEnd(60_000);
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual(proxy.refused, []);
  });

  it("are held by a proxy that refuses what they do not allow", () => {
    const workers = policies().get("workers") ?? [];
    const may = (action: string, resource: string): boolean => allows(workers, { action, resource });
    assert.ok(may("s3:PutObject", "arn:aws:s3:::my-runs/spotfold/aggregates/a/attempts/p/000001/x/segment"));
    assert.ok(!may("s3:PutObject", "arn:aws:s3:::my-runs/spotfold/aggregates/a/head"));
    assert.ok(!may("s3:DeleteObject", "arn:aws:s3:::my-runs/spotfold/aggregates/a/head"));
    assert.ok(!may("s3:GetObject", "arn:aws:s3:::my-logs/other"));
    assert.ok(!may("sqs:SendMessage", `arn:aws:sqs:${region}:123456789012:NAME-jobs`));
  });
});
