/**
 * LocalStack in a container, on a free loopback port: `needs("docker")` in the suite that starts it. Docker's own command is
 * called, without a shell, three times: run, port, stop. A container that was started is stopped by its id, with its volumes.
 */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { atEnd } from "./cleanup.ts";
import { cleanEnv } from "./processes.ts";

/** The last version that runs without an account of its maker. What it cannot do stands in docs/backends.md. */
export const localStackImage = "localstack/localstack:4.14.0";
const portInside = "4566/tcp";

/** The first time the image is fetched: half a gigabyte. */
const runMsMax = 600_000;
const commandMsMax = 60_000;
const readyMsMax = 120_000;
const pollMs = 200;
/** Before Docker kills it: it has nothing to lose. */
const stopSeconds = 2;

const execute = promisify(execFile);

export interface LocalStack {
  readonly endpoint: string;
  readonly container: string;
}

export interface LocalStackOptions {
  /** Added to the environment of `docker`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly readyMsMax?: number;
}

/** For a `before` hook: stopped at the end of the run. Throws with what Docker said, or when it is not ready in time. */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const docker = async (args: readonly string[], timeout: number): Promise<string> => {
    const { stdout } = await execute("docker", [...args], { env: cleanEnv(options.env), timeout });
    return stdout.trim();
  };
  const services = ["--env", "SERVICES=s3,sqs", "--env", "DISABLE_EVENTS=1"];
  const publish = ["--publish", `127.0.0.1::${portInside}`];
  const container = await docker(["run", "--rm", "--detach", ...publish, ...services, localStackImage], runMsMax);
  if (!/^[0-9a-f]{12,64}$/.test(container)) throw new Error(`docker run told no container's id: ${container}`);
  atEnd(async () => void (await docker(["stop", "--time", `${stopSeconds}`, container], commandMsMax)));
  const [address = ""] = (await docker(["port", container, portInside], commandMsMax)).split("\n");
  const endpoint = `http://${address}`;
  await untilReady(`${endpoint}/_localstack/health`, options.readyMsMax ?? readyMsMax);
  return { endpoint, container };
}

/** Until its health page says that both services can be used. */
async function untilReady(url: string, waitMs: number): Promise<void> {
  let last = "nobody answers";
  for (const until = performance.now() + waitMs; performance.now() < until; await sleep(pollMs)) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(waitMs) });
      last = await answer.text();
      const { services = {} } = JSON.parse(last) as { services?: Record<string, string> };
      const usable = ["s3", "sqs"].every((name) => ["available", "running"].includes(services[name] ?? ""));
      if (answer.ok && usable) return;
    } catch (error) {
      last = String(error);
    }
  }
  throw new Error(`LocalStack is not ready after ${waitMs} ms: ${url}: ${last}`);
}
