/** An analysis that takes its time, so that a test can come between, and what it must answer. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { blockKeys, blockText } from "../reference/dashboard.ts";

/** Counts records by operating system; returns the module's path. */
export function writeSlowCounts(folder: string, recordMs: number): string {
  const path = join(folder, "slow-counts.ts");
  writeFileSync(
    path,
    `import { defineAnalysis } from "spotfold";
export default defineAnalysis({
  name: "slow-counts",
  key: ["os"],
  map(record, emit) {
    for (const until = performance.now() + ${recordMs}; performance.now() < until; );
    emit([(record.json() as { info: { OS: string } }).info.OS], 1);
  },
  merge: (a: number, b: number) => a + b,
});
`,
  );
  return path;
}

/** Sequentially, as the lines of `results`. */
export function expectedCounts(data: string): string {
  const counts = new Map<string, number>();
  for (const key of blockKeys(data)) {
    for (const line of blockText(data, key).split("\n")) {
      if (line === "") continue;
      const { info } = JSON.parse(line.slice(line.indexOf("\t") + 1)) as { info: { OS: string } };
      counts.set(info.OS, (counts.get(info.OS) ?? 0) + 1);
    }
  }
  return [...counts]
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([os, value]) => `{"key": [${JSON.stringify(os)}], "value": ${value}}\n`)
    .join("");
}
