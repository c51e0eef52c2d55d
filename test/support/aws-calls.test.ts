/** The words of policies for requests as moto-server.py writes them down, and what becomes of one that is in no list. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  actionsFile,
  addCall,
  checkCalls,
  collectVariable,
  unknownUses,
  type Actions,
  type Call,
} from "./aws-calls.ts";
import { notePlaces } from "./aws-places.ts";
import { runNode } from "./processes.ts";
import { needs, repositoryRoot } from "./requirements.ts";
import { tempDir } from "./temp.ts";

const ofS3 = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request";

/** `METHOD /path?query` by a command, as an action and its resources. */
function usesOf(request: string, more: Partial<Call> = {}): Record<string, string[]> | undefined {
  const [method = "", url = ""] = request.split(" ");
  const [path = "", query = ""] = url.split("?");
  const call = { method, path, query, target: "", agent: "aws-sdk-js/3 app/worker", authorization: ofS3, ...more };
  const actions: Actions = {};
  addCall(actions, call);
  return actions[more.agent === undefined ? "worker" : "tests"] ?? actions["lent"];
}

describe("recorded calls", () => {
  before(() => {
    notePlaces({ SPOTFOLD_STORE: "s3://calls/runs", SPOTFOLD_WEB: "s3://calls/site/" }, []);
    notePlaces({ SPOTFOLD_STORE: "folder" }, ["run", "--store", "s3://calls-root"]);
  });

  for (const [request, action, resource] of [
    ["GET /calls/runs/aggregates/a/head", "s3:GetObject", "store/aggregates/*"],
    ["HEAD /calls/runs/runs/x/run.json", "s3:GetObject", "store/runs/*"],
    ["PUT /calls-root/inbox/x", "s3:PutObject", "store/inbox/*"],
    ["PUT /calls/site/systems/latest.json", "s3:PutObject", "web/*"],
    ["PUT /calls/runs/bundles/x?partNumber=1&uploadId=u", "s3:PutObject", "store/bundles/*"],
    ["POST /calls/runs/bundles/x?uploads", "s3:PutObject", "store/bundles/*"],
    ["DELETE /calls/runs/bundles/x?uploadId=u", "s3:AbortMultipartUpload", "store/bundles/*"],
    ["DELETE /calls/runs/unheard/x", "s3:DeleteObject", "store/*"],
    ["GET /elsewhere/2026/x.gz", "s3:GetObject", "data/*"],
    ["GET /calls?list-type=2&prefix=runs%2Finbox%2F", "s3:ListBucket", "store/inbox/*"],
    ["GET /calls?list-type=2&prefix=runs%2F", "s3:ListBucket", "store/*"],
    ["GET /calls?uploads", "s3:ListBucketMultipartUploads", "bucket"],
    ["HEAD /calls", "s3:ListBucket", "bucket"],
    ["PUT /calls", "s3:CreateBucket", "bucket"],
    ["PUT /calls?policy", "s3:PutBucketPolicy", "bucket"],
    ["PATCH /calls/runs/inbox/x", "s3: PATCH ?", "store/inbox/*"],
  ] as const) {
    it(`${request} is ${action} on ${resource}`, () => assert.deepEqual(usesOf(request), { [action]: [resource] }));
  }

  it("tells batches of SQS, several deletes in one, other services, signed URLs, and the tests themselves", () => {
    const queue = "http://127.0.0.1:1/0/fold-jobs";
    assert.deepEqual(usesOf("POST /", { target: "AmazonSQS.SendMessageBatch", queue }), {
      "sqs:SendMessage": ["queue/jobs"],
    });
    assert.deepEqual(usesOf("POST /calls?delete", { keys: ["runs/probe/1", "runs/probe/2", "site/x"] }), {
      "s3:DeleteObject": ["store/probe/*", "web/*"],
    });
    const authorization = ofS3.replace("/s3/", "/sts/");
    assert.deepEqual(usesOf("POST /", { authorization, query: "Action=X" }), { "sts: Action=X": ["*"] });
    const signed = { agent: "node", authorization: "", query: "X-Amz-Signature=0" };
    assert.deepEqual(usesOf("GET /elsewhere/2026/x.gz", signed), { "s3:GetObject": ["data/*"] });
    assert.deepEqual(usesOf("GET /calls/runs/inbox/x", { agent: "aws-sdk-js/3" }), { "s3:GetObject": ["*"] });
  });

  it("fails the run on what stands in no list, and minds nothing that was not called", () => {
    const known: Actions = { worker: { "s3:GetObject": ["data/*"] } };
    assert.deepEqual(unknownUses({ tests: { "s3:DeleteBucket": ["*"] } }, known), []);
    assert.deepEqual(unknownUses({ worker: { "s3:GetObject": ["data/*", "web/*"] }, init: { a: ["*"] } }, known), [
      "worker s3:GetObject web/*",
      "init a *",
    ]);
    const file = join(tempDir("calls"), "calls.ndjson");
    const call = {
      method: "DELETE",
      path: "/elsewhere",
      query: "",
      target: "",
      agent: "app/worker",
      authorization: ofS3,
    };
    writeFileSync(file, `${JSON.stringify(call)}\n{"method":"GE`);
    assert.throws(
      () => checkCalls(file, null),
      /not in test\/aws-actions\.json [^]*\n {2}worker s3:DeleteBucket bucket$/,
    );
  });

  describe("on moto", () => {
    needs("moto");

    it("fail a run whose tests pass, when a command called what is in no list", async () => {
      const folder = tempDir("calls");
      const from = (path: string): string => JSON.stringify(pathToFileURL(join(repositoryRoot, path)).href);
      const suite = `
        import { S3Client, ListBucketsCommand } from ${from("node_modules/@aws-sdk/client-s3/dist-cjs/index.js")};
        import { startMoto } from ${from("test/support/moto.ts")};
        it("calls", async () => {
          const { endpoint, env } = await startMoto();
          const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
          const client = new S3Client({ endpoint, credentials, region: "us-east-1", userAgentAppId: "worker" });
          await client.send(new ListBucketsCommand({}));
          client.destroy();
        }).timeout(90_000);
      `;
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      writeFileSync(join(folder, "a.ts"), suite);
      const script = join(repositoryRoot, "scripts/test.ts");
      const env = { [collectVariable]: undefined };
      const end = await runNode([script, join(folder, "a.ts")], { cwd: folder, env, waitMs: 120_000 });
      assert.equal(end.code, 1, end.stdout);
      assert.match(end.stdout, /not in test\/aws-actions\.json [^]*worker s3:ListAllMyBuckets \*/);
    }).timeout(150_000);
  });

  it("has a list that is sorted, so that its changes can be read", () => {
    const list = JSON.parse(readFileSync(actionsFile, "utf8")) as Actions;
    for (const names of [
      Object.keys(list),
      ...Object.values(list).flatMap((uses) => [Object.keys(uses), ...Object.values(uses)]),
    ]) {
      assert.deepEqual(names, names.toSorted());
    }
  });
});
