/** An analysis that takes its time with each record, so that a test can come between. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the module; answers its path. */
export function writeSlowAnalysis(folder: string, recordMs: number): string {
  const path = join(folder, "slow.ts");
  writeFileSync(
    path,
    `import { defineAnalysis } from "spotfold";
const pause = new Int32Array(new SharedArrayBuffer(4));
export default defineAnalysis<number>({
  name: "slow",
  key: ["channel"],
  map(record, emit) {
    Atomics.wait(pause, 0, 0, ${recordMs});
    emit([record.block.dimensions["appUpdateChannel"] ?? ""], 1);
  },
  merge: (a, b) => a + b,
});
`,
  );
  return path;
}
