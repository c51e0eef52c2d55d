/** The least that an analysis does: it counts records and looks into none. For benchmarks of everything else. */
import { defineAnalysis } from "../jobs/index.ts";

export default defineAnalysis<number>({
  name: "bench",
  key: ["what"],
  map(_record, emit) {
    emit(["records"], 1);
  },
  merge: (a, b) => a + b,
});
