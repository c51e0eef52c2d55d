/**
 * A moto server on a free loopback port: S3 and SQS as a real server speaks them. `needs("moto")` in the suite that starts it;
 * `npm run setup:moto` installs it. Started in a `before` hook it lives until the end of the run, which stops it by its id.
 */
import { join } from "node:path";
import { start, type Started } from "./processes.ts";
import { repositoryRoot } from "./requirements.ts";
import { tempDir } from "./temp.ts";
import { atEnd } from "./cleanup.ts";

/** Python imports half of the AWS SDK of its own; a busy machine takes its time. */
const startMsMax = 60_000;

/**
 * moto tests a condition, writes, and adds the metadata in three steps, and other threads come between: of 12 racers two won
 * in 1 of 300 rounds, with multipart uploads nearly always. S3 does not do that: a request for a key is one step here, too.
 */
const atomicMoto = `import functools, runpy, threading
from moto.s3.responses import S3Response
lock = threading.Lock()
plain = S3Response._key_response
@functools.wraps(plain)
def atomic(*args):
    with lock:
        return plain(*args)
S3Response._key_response = atomic
runpy.run_module("moto.server", run_name="__main__")`;

export interface Moto {
  readonly endpoint: string;
  readonly server: Started;
  /** What a process needs in its environment to use it, with credentials that moto takes for an account. */
  readonly env: Readonly<Record<string, string>>;
}

export async function startMoto(): Promise<Moto> {
  const server = await start("python3", ["-c", atomicMoto, "-H", "127.0.0.1", "-p", "0"], {
    cwd: tempDir("moto"),
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
