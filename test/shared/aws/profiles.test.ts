/** Profiles of AWS's own files, as the SDK finds them: endpoints, assumed roles, SSO. Each in a process of its own, by its environment. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startFaultServer } from "../../support/fault-server.ts";
import type { FaultServer } from "../../support/fault-server.ts";
import { startMoto, type Moto } from "../../support/moto.ts";
import { runNode } from "../../support/processes.ts";
import { needs, repositoryRoot } from "../../support/requirements.ts";
import { newBucket, useMotoCredentials } from "../../support/s3-on-moto.ts";
import { createQueue, sqsClient } from "../../support/sqs.ts";
import { tempDir } from "../../support/temp.ts";
import type { Opened } from "./opener.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** A second or two on an idle machine. */
const waitMs = 60_000;
const opener = join(repositoryRoot, "test/shared/aws/opener.ts");
const ssoSession = "corp";

describe("profiles of AWS", function profilesSuite() {
  needs("moto");
  this.timeout(90_000);

  let moto: Moto;
  let place = "";
  let server: FaultServer;
  /** By its name: where an endpoint is an address, the SDK itself puts names into the path. */
  let endpoint = "";

  before(async () => {
    moto = await startMoto();
    useMotoCredentials(moto);
    place = await newBucket(moto.endpoint);
    for (const end of ["jobs", "ready"]) await createQueue(sqsClient(moto.endpoint), `profiles-${end}`);
  });

  beforeEach(async () => {
    server = await startFaultServer(moto.endpoint, () => "pass");
    endpoint = server.endpoint.replace("127.0.0.1", "localhost");
  });

  /** Opens the place in a process that knows AWS by these files and variables alone. */
  async function openedBy(config: string, variables: Variables): Promise<Opened> {
    const home = tempDir("profiles");
    const file = join(home, "config");
    writeFileSync(file, config);
    const cache = join(home, ".aws/sso/cache");
    mkdirSync(cache, { recursive: true });
    const old = { accessToken: "t", expiresAt: "2020-01-01T00:00:00Z", startUrl: "https://sso.invalid/start" };
    writeFileSync(join(cache, `${createHash("sha1").update(ssoSession).digest("hex")}.json`), JSON.stringify(old));
    const others = Object.keys(process.env).filter((name) => name.startsWith("AWS_"));
    const env = {
      ...Object.fromEntries(others.map((name) => [name, undefined])),
      HOME: home,
      AWS_CONFIG_FILE: file,
      AWS_SHARED_CREDENTIALS_FILE: join(home, "credentials"),
      AWS_EC2_METADATA_DISABLED: "true",
      ...variables,
    };
    const ended = await runNode([opener, place, "sqs://profiles"], { env, waitMs });
    assert.equal(ended.code, 0, ended.stderr);
    return JSON.parse(ended.stdout) as Opened;
  }

  const keys = `aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret`;
  const byProfile = (region: string): Opened => ({ text: "by profile", jobs: 0, endpoint, region });

  /** Every request for the bucket has its name in the path, and no checksum that the operation does not demand. */
  function assertAsOtherServers(): void {
    // SQS is asked at the root.
    const asked = server.asked.filter(({ url }) => url !== "/");
    assert.deepEqual(
      asked.map(({ method }) => method),
      ["HEAD", "PUT", "GET"],
    );
    for (const { url, headers } of asked) {
      assert.ok(url.startsWith(`/${place.slice("s3://".length)}/`), url);
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.includes("checksum")),
        [],
      );
    }
  }

  it("have an endpoint that counts as the variable's does: names in the path, checksums when required", async () => {
    const config = `[profile dev]\nregion = us-east-1\nendpoint_url = ${endpoint}\n${keys}\n`;
    assert.deepEqual(await openedBy(config, { AWS_PROFILE: "dev" }), byProfile("us-east-1"));
    assertAsOtherServers();
  });

  it("have one in a services section for each service", async () => {
    const sqs = await startFaultServer(moto.endpoint, () => "pass");
    const config = `[default]\nregion = us-east-1\nservices = here\n${keys}
[services here]\ns3 =\n  endpoint_url = ${endpoint}\nsqs =\n  endpoint_url = ${sqs.endpoint}\n`;
    // moto has the queues in one region, and buckets in all.
    assert.deepEqual(await openedBy(config, {}), byProfile("us-east-1"));
    assertAsOtherServers();
    assert.ok(sqs.asked.length > 0 && sqs.asked.every(({ method }) => method === "POST"));
  });

  it("give way to the variables", async () => {
    const config = `[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9\n${keys}\n`;
    const variables = { AWS_ENDPOINT_URL: endpoint, AWS_REGION: "us-east-1" };
    assert.deepEqual(await openedBy(config, variables), byProfile("us-east-1"));
    assertAsOtherServers();
  });

  it("assume a role, by the endpoint of the profile or of the variables, and through a proxy", async () => {
    const role = `role_arn = arn:aws:iam::123456789012:role/worker\nsource_profile = base`;
    const base = `[profile base]\nregion = us-east-1\n${keys}\n`;
    const proxied = { AWS_ENDPOINT_URL_STS: "http://sts.invalid", HTTP_PROXY: server.endpoint, NO_PROXY: "localhost" };
    for (const [config, variables, sts] of [
      [`${base}[profile role]\nregion = us-east-1\n${role}\nendpoint_url = ${endpoint}\n`, {}, "/"],
      [`${base}[profile role]\nregion = us-east-1\n${role}\n`, { AWS_ENDPOINT_URL: endpoint }, "/"],
      [
        `${base}[profile role]\nregion = us-east-1\n${role}\nendpoint_url = ${endpoint}\n`,
        proxied,
        "http://sts.invalid/",
      ],
    ] as const) {
      const before = server.asked.length;
      const opened = await openedBy(config, { AWS_PROFILE: "role", ...variables });
      assert.deepEqual(opened, byProfile("us-east-1"));
      const [first, ...rest] = server.asked.slice(before);
      assert.deepEqual([first?.method, first?.url], ["POST", sts]);
      // Keys that STS made: those of somebody's own begin with AKIA. Each client asks it for some.
      const keysUsed = rest.map(({ headers }) =>
        /Credential=(AKIA|ASIA).*\/(s3|sqs|sts)\//.exec(headers.authorization ?? ""),
      );
      const others = keysUsed.filter((used) => used?.[2] !== "sts");
      assert.deepEqual([...new Set(others.map((used) => used?.[1]))], ["ASIA"]);
      assert.deepEqual([...new Set(others.map((used) => used?.[2]))], ["s3", "sqs"]);
    }
  });

  it("of SSO, with no login or one that has expired, say how to log in", async () => {
    const sso = `sso_account_id = 123456789012\nsso_role_name = Reader\nregion = us-east-1`;
    const config = `[profile new]\n${sso}\nsso_session = other\n[profile expired]\n${sso}\nsso_session = ${ssoSession}
[profile legacy]\n${sso}\nsso_region = us-east-1\nsso_start_url = https://sso.invalid/start
[sso-session other]\nsso_region = us-east-1\nsso_start_url = https://sso.invalid/start
[sso-session ${ssoSession}]\nsso_region = us-east-1\nsso_start_url = https://sso.invalid/start\n`;
    for (const name of ["new", "expired", "legacy"]) {
      const opened = await openedBy(config, { AWS_PROFILE: name, AWS_ENDPOINT_URL: server.endpoint });
      assert.ok("code" in opened, name);
      assert.deepEqual([opened.code, opened.hint], ["no-credentials", `Log in again: aws sso login --profile ${name}`]);
    }
    assert.deepEqual(server.asked, []);
  });
});
