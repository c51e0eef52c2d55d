/** Stores, queues and datasets of AWS in the settings, and what AWS's own variables say. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { awsOptions } from "../../../shared/config/aws.ts";
import { readSettings, type CommandLineSettings, type Settings } from "../../../shared/config/settings.ts";
import { tempDir } from "../../support/temp.ts";

type Variables = Readonly<Record<string, string>>;

function settingsOf(given: CommandLineSettings, variables: Variables = {}, file?: unknown): Settings {
  const workingFolder = tempDir("places");
  if (file !== undefined) writeFileSync(join(workingFolder, "spotfold.config.json"), JSON.stringify(file));
  return readSettings(given, { variables, workingFolder });
}

describe("places of AWS in the settings", () => {
  it("are taken from flags, variables and the file", () => {
    const variables = { SPOTFOLD_STORE: "s3://runs/spot/", SPOTFOLD_QUEUE: "sqs://fold" };
    const datasets = { logs: { place: "s3://data/logs/", requesterPays: true } };
    const settings = settingsOf({ web: "S3://web" }, variables, { store: "elsewhere", datasets });
    assert.equal(settings.store, "s3://runs/spot");
    assert.equal(settings.queue, "sqs://fold");
    assert.equal(settings.web, "s3://web");
    assert.deepEqual(
      settings.datasets.map(({ place, requesterPays }) => [place, requesterPays]),
      [["s3://data/logs", true]],
    );
    const url = "https://sqs.eu-west-1.amazonaws.com/123456789012/fold-jobs";
    assert.equal(settingsOf({ queue: url }).queue, url);
    assert.equal(settingsOf({ queue: "http://127.0.0.1:5000/1/fold-jobs" }).queue, "http://127.0.0.1:5000/1/fold-jobs");
  });

  it("are mixed with folders and files as one likes", () => {
    const settings = settingsOf({ store: "s3://runs", queue: "q.db", web: "site" });
    assert.equal(settings.queue, join(settings.folder, "q.db"));
    assert.equal(settings.web, `file:${settings.folder}/site`);
    assert.equal(settings.catalog, join(settings.folder, ".spotfold/catalog.db"));
  });

  it("know a queue from a bare word, whoever says it", () => {
    const refused = { code: "invalid-config", message: /queue = "fold" .*write sqs:\/\/fold or \.\/fold\./ };
    assert.throws(() => settingsOf({ queue: "fold" }), refused);
    assert.throws(() => settingsOf({}, { SPOTFOLD_QUEUE: "fold" }), refused);
    assert.throws(() => settingsOf({}, {}, { queue: "fold" }), refused);
    for (const queue of ["./fold", "fold.db", "jobs/fold"]) {
      const settings = settingsOf({ queue });
      assert.equal(settings.queue, join(settings.folder, queue));
    }
  });

  it("have keys that encrypt what is written there, each its own", () => {
    const arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const file = { storeKmsKeyId: arn, datasets: { a: { place: "s3://data/logs", kmsKeyId: "alias/data" } } };
    const settings = settingsOf({}, { SPOTFOLD_WEB_KMS_KEY_ID: "alias/web" }, file);
    assert.equal(settings.storeKmsKeyId, arn);
    assert.equal(settings.webKmsKeyId, "alias/web");
    assert.equal(settings.datasets[0]?.kmsKeyId, "alias/data");
    const without = settingsOf({}, { SPOTFOLD_STORE_KMS_KEY_ID: "" });
    assert.ok(!("storeKmsKeyId" in without) && !("webKmsKeyId" in without));
    const wrong = { storeKmsKeyId: "my key", datasets: { a: { place: "s3://data/logs", kmsKeyId: 7 } } };
    assert.throws(() => settingsOf({}, { SPOTFOLD_WEB_KMS_KEY_ID: "a\r\nb" }, wrong), {
      message: /^3 settings are wrong.*storeKmsKeyId = "my key".*ARN or the alias.*a\.kmsKeyId = 7/s,
    });
  });

  it("are refused with what they have to be, and why", () => {
    for (const [given, rule] of [
      [
        { store: "s3://" },
        /store = "s3:\/\/" \(--store\): must be a folder or s3:\/\/bucket\/prefix: .* no place in S3/,
      ],
      [{ web: "s3:/x" }, /web = .* must be a folder or s3:\/\/bucket\/prefix/],
      [{ web: "s3://logs--use1-az4--x-s3" }, /directory bucket/],
      [{ store: "s3://acme//work" }, /store = .* two slashes in a row/],
      [{ web: "s3://acme/a//b" }, /web = .* two slashes in a row/],
      [{ web: "s3://acme/../x" }, /web = .* the segment \.\., which/],
      [{ store: "s3://acme/x/." }, /store = .* the segment \., which/],
      [{ store: "gs://x" }, /store = .*: "gs:\/\/x" is no place: its scheme is not known\.$/],
      [{ store: "sqs://x" }, /store = .* must be a folder/],
      [{ queue: "sqs://a b" }, /queue = .* must be a file, sqs:\/\/name or a queue's URL: .*1 to 74/],
      [{ queue: "https://sqs.eu-west-1.amazonaws.com/1/fold" }, /ends in -jobs/],
      [{ queue: "s3://bucket/queue" }, /queue = .* must be a file, sqs:\/\/name/],
    ] as const satisfies readonly (readonly [CommandLineSettings, RegExp])[]) {
      assert.throws(() => settingsOf(given), { code: "invalid-config", message: rule });
    }
    const odd = settingsOf({}, {}, { datasets: { a: { place: "s3://data//logs" } } });
    assert.equal(odd.datasets[0]?.place, "s3://data//logs");
    const pays = { a: { place: "s3://data/logs", requesterPays: "yes" } };
    assert.throws(() => settingsOf({}, {}, { datasets: pays }), { message: /a.requesterPays = "yes".*true or false/ });
    const datasets = { a: { place: "s3://data/logs" }, b: { place: "s3://data/logs/2026" } };
    assert.throws(() => settingsOf({}, {}, { datasets }), { code: "invalid-config", message: /overlap/ });
  });
});

describe("AWS's own variables", () => {
  it("name endpoints, one for all or by service, region, profile, certificates and proxies", () => {
    assert.deepEqual(awsOptions({}), {});
    const variables = {
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:2",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_PROFILE: "dev",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_CA_BUNDLE: "/etc/bundle.pem",
      NODE_EXTRA_CA_CERTS: "/etc/extra.pem",
      https_proxy: "http://proxy:3128",
      NO_PROXY: "",
    };
    assert.deepEqual(awsOptions(variables), {
      s3Endpoint: "http://127.0.0.1:1",
      sqsEndpoint: "http://127.0.0.1:2",
      region: "eu-west-1",
      profile: "dev",
      caBundle: "/etc/bundle.pem",
      extraCa: "/etc/extra.pem",
      proxy: { HTTPS_PROXY: "http://proxy:3128" },
    });
    assert.equal(awsOptions({ ...variables, AWS_REGION: "us-west-2" }).region, "us-west-2");
    const ignored = awsOptions({ ...variables, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" });
    assert.deepEqual([ignored.s3Endpoint, ignored.sqsEndpoint], [undefined, undefined]);
  });
});
