/** Logs of which some cannot be read, and an aggregate of them made by real processes: what `retry` is for. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { spotfold } from "../../e2e/spotfold.ts";

export const layout = "dt={date:yyyy-MM-dd}/{part}.json.gz";

export const gzipped = (...lines: readonly object[]): Buffer =>
  gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

export function writeLog(folder: string, key: string, bytes: Uint8Array): void {
  const path = join(folder, "logs", key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** Whose source can be taken away. */
export const moduleText = `import { defineAnalysis } from "spotfold";
export default defineAnalysis<number>({
  name: "sums",
  key: ["name"],
  map(record, emit) {
    const { name, n } = record.json() as { name: string; n: number };
    emit([name], n);
  },
  merge: (a, b) => a + b,
});
`;

export const damaged = {
  mended: "dt=2026-01-01/b.json.gz",
  still: "dt=2026-01-02/b.json.gz",
  gone: "dt=2026-01-03/b.json.gz",
} as const;

/** The aggregate `sums`: three blocks of 1 covered, three corrupt; then one is mended, one gone, one new, and the source gone. `dataset`: a configured one. */
export async function makeMissing(folder: string, dataset?: string): Promise<{ readonly run: string }> {
  for (const day of ["01", "02", "03"]) {
    writeLog(folder, `dt=2026-01-${day}/a.json.gz`, gzipped({ name: "x", n: 1 }));
    writeLog(
      folder,
      `dt=2026-01-${day}/b.json.gz`,
      gzipped({ name: "x", n: 10 }, { name: "y", n: 100 }).subarray(0, -9),
    );
  }
  const module = join(folder, "sums.ts");
  writeFileSync(module, moduleText);
  const data = dataset === undefined ? ["--data", "./logs", "--layout", layout] : ["--data", dataset];
  const args = ["run", module, ...data, "--into", "sums", "--json"];
  const ended = await spotfold(folder, args);
  if (ended.code !== 3) throw new Error(`blocks are to be missing: ${ended.stderr}`);
  rmSync(module);
  writeLog(folder, damaged.mended, gzipped({ name: "x", n: 10 }, { name: "y", n: 100 }));
  rmSync(join(folder, "logs", damaged.gone));
  writeLog(folder, "dt=2026-01-01/new.json.gz", gzipped({ name: "new", n: 1 }));
  return JSON.parse(ended.stdout) as { run: string };
}

/** What a master and a worker do: until the run is in the answer. */
export async function work(folder: string): Promise<void> {
  for (const daemon of ["master", "worker", "master"]) {
    const ended = await spotfold(folder, [daemon, "--once"]);
    if (ended.code !== 0) throw new Error(ended.stderr);
  }
}

export async function resultsOf(folder: string): Promise<readonly string[]> {
  const { stdout } = await spotfold(folder, ["results", "sums", "--format", "csv"]);
  return stdout.trim().split("\n").slice(1);
}
