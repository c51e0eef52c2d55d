/**
 * Many distinct keys in one attempt, and what the executor needs for them: `node test/executor/long/many-keys.ts [keys]`
 * (default 20,000,000; some minutes, some GB below the temporary folder). Exits 1 above 300 MB or with a wrong answer.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { childRunner } from "../../../executor/launch/runner.ts";
import type { JobBlock } from "../../../executor/types.ts";

const rssBytesMax = 300 * 2 ** 20;
const keys = Number(process.argv[2] ?? 20_000_000);
const keysPerBlock = 500_000;

const source = `export default { name: "many-keys", key: ["k"], merge: (a, b) => a + b,
  map(record, emit) { emit([record.text()], 1); } };`;

/** Keys in no order, as identifiers of people or sessions come. */
function blockText(first: number, count: number): string {
  let text = "";
  for (let i = first; i < first + count; i++)
    text += `${createHash("md5").update(String(i)).digest("hex").slice(0, 16)}\n`;
  return text;
}

const folder = mkdtempSync(join(tmpdir(), "spotfold-many-keys-"));
let peak = 0;
const timer = setInterval(() => {
  const lines = execFileSync("ps", ["-A", "-o", "ppid=,rss=,args="], { encoding: "utf8" }).split("\n");
  for (const line of lines) {
    const [parent, kib, ...args] = line.trim().split(/\s+/);
    if (parent !== String(process.pid) || !args.some((arg) => arg.includes("children/executor."))) continue;
    peak = Math.max(peak, Number(kib) * 1_024);
  }
}, 250);
try {
  const blocks: JobBlock[] = [];
  for (let first = 0; first < keys; first += keysPerBlock) {
    const key = `${blocks.length}.zst`;
    writeFileSync(
      join(folder, key),
      zstdCompressSync(Buffer.from(blockText(first, Math.min(keysPerBlock, keys - first)))),
    );
    const { size, mtimeNs } = statSync(join(folder, key), { bigint: true });
    blocks.push({
      index: blocks.length,
      key,
      size: Number(size),
      etag: `${size}-${mtimeNs}`,
      dimensions: {},
      partition: "p",
    });
  }
  writeFileSync(join(folder, "bundle"), source);
  const began = performance.now();
  const outcome = await childRunner({ scratch: join(folder, "scratch") }).run(
    {
      attempt: "0".repeat(16),
      bundle: { sha256: "0".repeat(64), path: join(folder, "bundle"), params: {}, inputs: [] },
      records: "text",
      columns: 1,
      publishBy: 0,
      blocks,
      limits: {
        heapBytesMax: 512 * 2 ** 20,
        rssBytesMax: 2 ** 30,
        stallMs: 120_000,
        attemptMs: 3_600_000,
        checkpointStateBytes: 128 * 2 ** 20,
        checkpointMs: 30_000,
      },
    },
    {
      lend: (block) => Promise.resolve({ kind: "path", path: join(folder, block.key) }),
      progress: () => undefined,
      stop: new AbortController().signal,
    },
  );
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    JSON.stringify({
      keys,
      entries: outcome.segment?.entries,
      peakMb: Math.round(peak / 2 ** 20),
      seconds: Math.round(seconds),
      ended: outcome.ended,
    }),
  );
  if (outcome.segment?.entries !== keys || peak > rssBytesMax) process.exitCode = 1;
} finally {
  clearInterval(timer);
  rmSync(folder, { recursive: true, force: true });
}
