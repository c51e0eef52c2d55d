/**
 * Small blocks in a bucket: how many requests a whole run makes for each, on a moto server. Where moto is not there (`npm run setup:moto`),
 * the row says so and holds no figure.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { requestsOfRun } from "./s3-requests.ts";
import type { Bench, Row, Setup } from "./types.ts";

/** Two pages of a listing and a few jobs: what a run costs besides its blocks is to be a small part. */
const blocks = 2_000;

/** What the issue asks for: of every request, whatever for. */
const target = { most: 1.2, of: "ours" } as const;

const root = fileURLToPath(new URL("../", import.meta.url));
const motoFolder = join(root, ".test-tools/moto");
const motoScript = join(root, "test/support/moto-server.py");

async function* rows({ folder }: Setup): AsyncGenerator<Row> {
  const what = `${blocks.toLocaleString("en")} blocks in a bucket: requests of a whole run, by block`;
  const against = "a GET for each";
  if (!existsSync(join(motoFolder, "installed"))) {
    const nothing = { ours: NaN, beside: NaN, ratio: { median: NaN, min: NaN, max: NaN } };
    yield { what: `${what}: not counted, since moto is not there (npm run setup:moto)`, against, unit: "", ...nothing };
    return;
  }
  const server = spawn("python3", [motoScript, "-H", "127.0.0.1", "-p", "0"], {
    cwd: folder,
    env: { ...motoEnv, PYTHONPATH: motoFolder, PYTHONUNBUFFERED: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    const endpoint = await new Promise<string>((resolve, reject) => {
      let text = "";
      server.stderr.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        const [, found] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(text) ?? [];
        if (found !== undefined) resolve(found);
      });
      server.once("close", () => reject(new Error(`moto ended: ${text}`)));
    });
    const { all, covered } = await requestsOfRun({ endpoint, env: motoEnv, folder: join(folder, "run"), blocks });
    if (covered !== blocks) throw new Error(`the run covered ${covered} of ${blocks} blocks`);
    const ours = all / blocks;
    yield { what, against, unit: "requests", ours, beside: 1, ratio: { median: ours, min: ours, max: ours }, target };
  } finally {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) await once(server, "close");
  }
}

/** Credentials that moto takes for an account, and nothing else of whoever calls. */
const motoEnv = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  AWS_EC2_METADATA_DISABLED: "true",
};

export const smallS3: Bench = {
  name: "small-s3",
  about: "the requests of a run over small blocks in a bucket",
  run: rows,
};
