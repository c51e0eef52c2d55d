/** What the benchmark `plan` selects, and of what. */
import type { DatasetSpec } from "../shared/dataset/types.ts";

export const planDataset: DatasetSpec = {
  name: "telemetry",
  place: "s3://bucket/keys",
  layout: "telemetry",
  records: "telemetry",
};

/** All but one channel of four. */
export const planFilter = {
  appName: ["Firefox"],
  appUpdateChannel: ["aurora", "beta", "nightly"],
  submission_date: { min: "20240101", max: "20241231" },
};
