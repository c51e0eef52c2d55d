/**
 * What S3 refuses, as a user meets it: the run is held, nothing is missing, and every command says who may not do what on what
 * and which line of policy would allow it. Once that is cured the run goes on. An archived block is missing by that word.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hold } from "../../shared/formats/hold.ts";
import { holdKey } from "../../shared/names.ts";
import { startFaultServer } from "../support/fault-server.ts";
import type { Answer } from "../support/fault-server.ts";
import { startMoto, type Moto } from "../support/moto.ts";
import { needs } from "../support/requirements.ts";
import { newBucket, openS3, useMotoCredentials } from "../support/s3-on-moto.ts";
import { tempDir } from "../support/temp.ts";
import { errorOf, jsonOf, spotfold } from "./spotfold.ts";

const principal = "arn:aws:sts::123456789012:assumed-role/worker/i-0abc";
const key = "arn:aws:kms:eu-west-1:123456789012:key/1";
const policy = JSON.stringify({ Effect: "Allow", Action: "kms:Decrypt", Resource: key });
const xml = (code: string, message: string): string =>
  `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
const denied = xml(
  "AccessDenied",
  `User: ${principal} is not authorized to perform: kms:Decrypt on resource: ${key} because no identity-based policy allows the kms:Decrypt action`,
);
const archived = xml("InvalidObjectState", "The operation is not valid for the object's storage class");

describe("errors of S3, in words", function errorsSuite() {
  needs("moto");
  this.timeout(400_000);

  let moto: Moto;
  /** To URLs that were lent; undefined: as moto answers. */
  let refusal: Answer | undefined;
  let env: Record<string, string>;
  let request: readonly string[];

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
  });

  beforeEach(async () => {
    refusal = undefined;
    const server = await startFaultServer(moto.endpoint, ({ method, url }) =>
      refusal !== undefined && method === "GET" && url.includes("X-Amz-Signature") ? { answer: refusal } : "pass",
    );
    // The environment may hold a run for six seconds: a worker needs one or two to start and find that it is cured.
    env = { ...moto.env, AWS_ENDPOINT_URL: server.endpoint, SPOTFOLD_TIMING_HELD_MS: "60000" };
    const data = await newBucket(moto.endpoint);
    const store = await openS3(moto.endpoint, data);
    await store.put("a.ndjson", Buffer.from('{"k":"x"}\n'));
    request = ["run", "counts", "--by", "$.k", "--records", "ndjson", "--data", data, "--layout", "{rest}"];
  });

  it("hold the run, with principal, action, resource and policy, until that is cured", async () => {
    refusal = { status: 403, body: denied };
    const folder = tempDir("e2e-words");
    const ended = await spotfold(folder, [...request, "--into", "held", "--json"], { env });
    assert.equal(ended.code, 4, ended.stderr);
    const error = errorOf(ended);
    assert.equal(error.code, "access-denied");
    assert.ok(error.message.includes(principal) && error.message.includes("kms:Decrypt"), error.message);
    assert.ok(error.hint?.includes(policy), error.hint ?? "");
    // Also at once, by what was tried before anything was stored.
    assert.match(ended.stderr, /not tried on a block: a\.ndjson: The encryption key cannot be used by arn:aws:sts/);
    const run = /run (\S+) is held/.exec(error.message)?.[1] ?? "";
    // What status shows as long as it holds, which is shorter here than a busy machine takes to start a command.
    const hold = readFileSync(join(folder, ".spotfold/store", holdKey(run)), "utf8");
    assert.ok((JSON.parse(hold) as Hold).hint.includes(policy), hold);
    const { stdout } = await spotfold(folder, ["logs", run], { env });
    assert.ok(stdout.includes(principal) && stdout.includes(policy), stdout);
    refusal = undefined;
    const cured = jsonOf(await spotfold(folder, [...request, "--into", "held", "--json"], { env }));
    assert.deepEqual([cured.blocks.covered, cured.blocks.missing], [1, []]);
  });

  it("make an archived block missing, by that word", async () => {
    refusal = { status: 403, body: archived };
    const ended = await spotfold(tempDir("e2e-words"), [...request, "--json"], { env });
    assert.deepEqual(
      jsonOf(ended).blocks.missing.map(({ key: block, reason }) => [block, reason]),
      [["a.ndjson", "archived"]],
    );
  });
});
