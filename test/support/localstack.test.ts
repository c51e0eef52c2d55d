/** LocalStack's way in and out, beside a `docker` that writes down how it is called: there may be no engine here. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { atEnd } from "./cleanup.ts";
import { localStackImage, startLocalStack } from "./localstack.ts";
import { runNode } from "./processes.ts";
import { repositoryRoot } from "./requirements.ts";
import { tempDir } from "./temp.ts";

const container = "0123456789ab".repeat(5);

/** A folder for PATH, and the calls that were made to its `docker`. */
function standIn(port: number, run = `echo ${container}`): { env: Record<string, string>; calls: () => string[] } {
  const folder = tempDir("docker");
  const log = join(folder, "calls");
  const script = `#!/bin/sh
echo "$@" >> "${log}"
case "$1" in
  run) ${run} ;;
  port) echo 127.0.0.1:${port}; echo "[::1]:${port}" ;;
esac
`;
  writeFileSync(join(folder, "docker"), script);
  chmodSync(join(folder, "docker"), 0o755);
  const calls = (): string[] => (existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : []);
  return { env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` }, calls };
}

/** A health page that is there, and says that it is not ready, for the first `notYet` times. */
async function healthPage(notYet: number): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    const state = asked.length > notYet ? "available" : "starting";
    response.end(JSON.stringify({ services: { s3: state, sqs: "running" } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => void server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

describe("LocalStack by docker", () => {
  it("is started on loopback, waited for, and stopped by its id", async () => {
    const { port, asked } = await healthPage(2);
    const folder = tempDir("localstack");
    const { env, calls } = standIn(port);
    const support = (name: string): string => JSON.stringify(join(repositoryRoot, "test/support", name));
    const suite = `
      import { startLocalStack } from ${support("localstack.ts")};
      let started;
      before(async () => { started = await startLocalStack(); });
      it("is there", () => console.log(JSON.stringify(started)));
    `;
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "a.ts"), suite);
    const end = await runNode([join(repositoryRoot, "scripts/test.ts"), join(folder, "a.ts")], { env, cwd: folder });
    assert.equal(end.code, 0, end.stdout);
    assert.ok(end.stdout.includes(JSON.stringify({ endpoint: `http://127.0.0.1:${port}`, container })), end.stdout);
    assert.deepEqual(
      asked,
      Array.from({ length: 3 }, () => "/_localstack/health"),
    );
    assert.deepEqual(calls(), [
      `run --rm --detach --publish 127.0.0.1::4566/tcp --env SERVICES=s3,sqs --env DISABLE_EVENTS=1 ${localStackImage}`,
      `port ${container} 4566/tcp`,
      `stop --time 2 ${container}`,
    ]);
  });

  it("says what docker said, when it does not start", async () => {
    const { env } = standIn(1, "echo no such image >&2; exit 125");
    await assert.rejects(startLocalStack({ env }), /no such image/);
  });

  it("says what it last heard, when it does not get ready", async () => {
    const { port } = await healthPage(Number.POSITIVE_INFINITY);
    const { env } = standIn(port);
    await assert.rejects(startLocalStack({ env, readyMsMax: 300 }), /not ready after 300 ms: .*"s3":"starting"/);
  });
});
