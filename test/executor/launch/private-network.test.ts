/** Children in a network that is left by a proxy only, with a CA of its own: what decoders are handed, and what they say. */
import assert from "node:assert/strict";
import { childRunner } from "../../../executor/launch/runner.ts";
import { ChildExecutors } from "../../../executor/launch/executors.ts";
import type { JobBlock, JobOutcome } from "../../../executor/types.ts";
import { S3BlobStore } from "../../../shared/aws/store.ts";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { httpTerms } from "../../../shared/http-terms.ts";
import type { CaFiles } from "../../../shared/http-terms.ts";
import { bytesOf, textAt } from "../../support/blob-store-helpers.ts";
import { makeCertificate, privateHost, startTunnelProxy } from "../../support/private-network.ts";
import type { Certificate, TunnelProxy } from "../../support/private-network.ts";
import { rangeEtag, startRangeServer } from "../../support/range-server.ts";
import type { RangeServer } from "../../support/range-server.ts";
import { needs } from "../../support/requirements.ts";
import { useTestCredentials } from "../../support/s3-on-moto.ts";
import { countingSource, entriesOf, limits, setting } from "./setting.ts";
import type { Setting } from "./setting.ts";

const content = '{"k":"a"}\n{"k":"b"}\n{"k":"a"}\n';
const block: JobBlock = {
  index: 0,
  key: "k.ndjson",
  size: content.length,
  etag: rangeEtag,
  dimensions: {},
  partition: "p",
};
/** Whoever may use the proxy. */
const user = "worker:secret-of-the-proxy";

interface Network {
  readonly certificate: Certificate;
  readonly server: RangeServer;
  readonly proxy: TunnelProxy;
  /** Of a host that only the proxy reaches. */
  readonly url: string;
}

async function network(refusal?: number): Promise<Network> {
  const certificate = await makeCertificate();
  const server = await startRangeServer({ "/bucket/k.ndjson": bytesOf(content) }, certificate);
  const proxy = await startTunnelProxy(refusal === undefined ? server : { status: refusal });
  return { certificate, server, proxy, url: `https://${privateHost}:${server.port}/bucket/k.ndjson` };
}

const proxyOf = (proxy: TunnelProxy): { HTTPS_PROXY: string } => ({ HTTPS_PROXY: `http://${user}@${proxy.host}` });

async function run(s: Setting, { proxy, url }: Network, ca: CaFiles): Promise<JobOutcome> {
  const terms = { proxy: proxyOf(proxy), ...ca };
  const runner = childRunner({ scratch: s.scratch, http: () => httpTerms(terms) });
  const names = { store: "s3://bucket", resource: "arn:aws:s3:::bucket/k.ndjson" };
  return await runner.run(
    s.task(s.bundle(countingSource), [block]),
    s.hooks({ lend: async () => ({ kind: "url", url, names }) }),
  );
}

describe("behind a proxy, with a CA of one's own", function privateNetwork() {
  this.timeout(30_000);
  needs("openssl");

  before(useTestCredentials);

  it("a job's block is read, with either variable", async () => {
    const made = await network();
    const { file } = made.certificate;
    for (const ca of [{ caBundle: file }, { extraCa: file }]) {
      const outcome = await run(setting(), made, ca);
      assert.deepEqual([outcome.ended, outcome.faults], [null, []]);
      assert.deepEqual(entriesOf(outcome), { "p\ta": "2", "p\tb": "1" });
    }
    const tunnel = { to: `${privateHost}:${made.server.port}`, user };
    assert.deepEqual(made.proxy.tunnels, [tunnel, tunnel]);
  });

  it("the sample of a check is read", async () => {
    const made = await network();
    const s = setting();
    const terms = { proxy: proxyOf(made.proxy), caBundle: made.certificate.file };
    const executors = new ChildExecutors({ scratch: s.scratch, limits, http: () => httpTerms(terms) });
    const lent = { kind: "url", url: made.url } as const;
    const checked = await executors.check({
      bundle: s.bundle(countingSource),
      sample: { records: "ndjson", block, lent },
    });
    assert.deepEqual([checked.unread, checked.mapped?.records], [null, 3]);
  });

  it("a store is read by the SDK, which trusts AWS_CA_BUNDLE as the AWS CLI does", async () => {
    const made = await network();
    const aws = {
      s3Endpoint: `https://${privateHost}:${made.server.port}`,
      region: "us-east-1",
      proxy: proxyOf(made.proxy),
      attemptsMax: 1,
    };
    const ports = { place: "s3://bucket", clock: systemClock, random: systemRandom };
    const store = await S3BlobStore.open({ ...ports, aws: { ...aws, caBundle: made.certificate.file } });
    try {
      assert.equal(await textAt(store, "k.ndjson"), content);
    } finally {
      await store.close();
    }
    await assert.rejects(S3BlobStore.open({ ...ports, aws }), { code: "store-unfit", hint: /AWS_CA_BUNDLE=FILE/ });
    const other = await makeCertificate();
    await assert.rejects(S3BlobStore.open({ ...ports, aws: { ...aws, caBundle: other.file } }), {
      code: "store-unfit",
    });
  });

  it("a certificate that is not trusted holds the run, and the hint says what to name", async () => {
    const { faults, ended } = await run(setting(), await network(), {});
    const fault = ended ?? faults[0];
    assert.deepEqual([fault?.cause, fault?.reason], ["environment", "store-unfit"]);
    assert.match(fault?.message ?? "", /certificate that s3:\/\/bucket shows is not trusted/);
    assert.match(fault?.hint ?? "", /AWS_CA_BUNDLE=FILE/);
  });

  it("a proxy that refuses holds the run, and nothing tells its password", async () => {
    const { faults, ended } = await run(setting(), await network(407), {});
    const fault = ended ?? faults[0];
    assert.deepEqual([fault?.cause, fault?.reason], ["environment", "access-denied"]);
    assert.match(fault?.message ?? "", /proxy refuses the way to s3:\/\/bucket: .*407/);
    assert.match(fault?.hint ?? "", /HTTPS_PROXY/);
    assert.ok(!JSON.stringify([faults, ended]).includes("secret-of-the-proxy"));
  });
});
