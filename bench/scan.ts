/**
 * Reading records in memory, by the CPU time of this process: pings into the sums of `histograms` beside a bare `JSON.parse` of
 * each; the same of pings that are hard on short cuts, beside the plain ones; two fields by their paths; and what the
 * executor's core adds to an analysis that parses.
 */
import { Execution } from "../executor/core/execution.ts";
import { loadAnalysis } from "../executor/core/load.ts";
import osDistribution from "../jobs/os-distribution.ts";
import { PathReader } from "../shared/records/path-reader.ts";
import { paired } from "./measure.ts";
import type { Pings } from "./scan-pings.ts";
import { cpuOf, eachPing, makePings, parseAll, scanAll, variants } from "./scan-pings.ts";
import type { Bench, Row, Setup } from "./types.ts";

/** Larger would be memory for nothing: nothing of it stays in a cache either way. */
const mbMax = 64;

const PIECE_BYTES = 200 * 1024;

async function* rows({ runs, mb }: Setup): AsyncGenerator<Row> {
  const size = Math.min(mb, mbMax);
  const plain = makePings(size, (text) => text);
  const rate = (pings: Pings, work: (pings: Pings) => void) => async (): Promise<number> =>
    await Promise.resolve(pings.bytes.length / 1e6 / cpuOf(() => work(pings)));
  yield {
    what: "histograms: pings in memory into sums, raw bytes by CPU second",
    against: "JSON.parse",
    unit: "MB/s",
    ...(await paired(runs, rate(plain, scanAll), rate(plain, parseAll))),
    target: { least: 300, of: "ours" },
  };
  for (const [name, change] of Object.entries(variants)) {
    const pings = makePings(size, change);
    yield {
      what: `histograms: pings, ${name}`,
      against: "pings as they are",
      unit: "MB/s",
      ...(await paired(runs, rate(pings, scanAll), rate(plain, scanAll))),
      target: { least: 1 / 1.3, of: "ratio" },
    };
  }
  yield {
    what: "two fields of each ping by their paths",
    against: "JSON.parse",
    unit: "MB/s",
    ...(await paired(runs, rate(plain, readPaths), rate(plain, parseAll))),
    target: { least: 2, of: "ratio" },
  };
  const cost = (work: (pings: Pings) => void) => async (): Promise<number> =>
    await Promise.resolve(cpuOf(() => work(plain)));
  yield {
    what: "os-distribution (`map` with `record.json()`) in the executor's core, CPU",
    against: "JSON.parse",
    unit: "s",
    ...(await paired(runs, cost(execute), cost(parseAll))),
    target: { most: 1.15, of: "ratio" },
  };
}

function readPaths(pings: Pings): void {
  const reader = new PathReader([
    ["info", "OS"],
    ["info", "arch"],
  ]);
  eachPing(pings, (record) => void reader.read(record));
}

function execute({ bytes }: Pings): void {
  const execution = new Execution({
    loaded: loadAnalysis({ default: osDistribution }, {}, [], () => new Uint8Array()),
    records: "telemetry",
    leftOut: [],
    log: () => undefined,
    overwrite: false,
    checkpointStateBytes: 2 ** 27,
  });
  execution.beginBlock({ index: 0, key: "k", size: 1, etag: "e", dimensions: {}, partition: "p" });
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) execution.chunk(bytes.subarray(at, at + PIECE_BYTES));
  execution.endBlock();
}

export const scan: Bench = { name: "scan", about: "records in memory, beside JSON.parse", run: rows };
