/** How many pings came from which operating system: the smallest useful analysis, and the README's example. */
import { InvalidRecord, defineAnalysis } from "./analysis.ts";

export default defineAnalysis<number>({
  name: "os-distribution",
  key: ["os"],
  map(record, emit) {
    const os: unknown = record.json()?.info?.OS;
    if (typeof os !== "string") throw new InvalidRecord("no-os");
    emit([os], 1);
  },
  merge: (a, b) => a + b,
});
