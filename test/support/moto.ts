/**
 * A moto server on a free loopback port: S3 and SQS as a real server speaks them. `needs("moto")` in the suite that starts it;
 * `npm run setup:moto` installs it. Started in a `before` hook it lives until the end of the run, which stops it by its id, and
 * looks whether what was called stands in test/aws-actions.json.
 */
import { join } from "node:path";
import { checkCalls } from "./aws-calls.ts";
import { atEnd } from "./cleanup.ts";
import { start, type Started } from "./processes.ts";
import { repositoryRoot } from "./requirements.ts";
import { tempDir } from "./temp.ts";

/** Python imports half of the AWS SDK of its own; a busy machine takes its time. */
const startMsMax = 60_000;

/** With the arguments of moto's own server. */
const script = join(repositoryRoot, "test/support/moto-server.py");

export interface Moto {
  readonly endpoint: string;
  readonly server: Started;
  /** What a process needs in its environment to use it, with credentials that moto takes for an account. */
  readonly env: Readonly<Record<string, string>>;
}

export async function startMoto(): Promise<Moto> {
  const folder = tempDir("moto");
  // After the server was stopped: cleanups run in reverse order.
  atEnd(() => checkCalls(join(folder, "calls.ndjson")));
  const server = await start("python3", [script, "-H", "127.0.0.1", "-p", "0"], {
    cwd: folder,
    env: {
      PYTHONPATH: join(repositoryRoot, ".test-tools/moto"),
      PYTHONUNBUFFERED: "1",
      // Nothing is asked of the network: moto looks for an instance's role otherwise.
      AWS_EC2_METADATA_DISABLED: "true",
    },
  });
  atEnd(async () => await server.stop());
  const [, endpoint = ""] = await server.waitFor(/Running on (http:\/\/127\.0\.0\.1:\d+)/, startMsMax);
  return {
    endpoint,
    server,
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      AWS_EC2_METADATA_DISABLED: "true",
    },
  };
}
