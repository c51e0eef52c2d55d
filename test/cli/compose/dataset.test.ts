import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { datasetOf } from "../../../cli/compose/dataset.ts";
import { readSettings } from "../../../shared/config/settings.ts";
import { tempDir } from "../../support/temp.ts";

describe("the dataset that --data names", () => {
  it("may be a folder, a bucket or a configured one, and who names none is told so", () => {
    const workingFolder = tempDir("dataset");
    const settings = () => readSettings({}, { variables: {}, workingFolder });
    assert.throws(() => datasetOf(settings(), {}), {
      code: "usage",
      hint: "Name a folder of blocks or s3://BUCKET/PREFIX.",
    });
    const datasets = { web: { place: "./web" }, pings: { place: "s3://acme-logs/pings" } };
    writeFileSync(join(workingFolder, "spotfold.config.json"), JSON.stringify({ datasets }));
    assert.throws(() => datasetOf(settings(), {}), { hint: /or one of the configured datasets: web, pings\.$/ });
    assert.equal(datasetOf(settings(), { data: "pings" }).place, "s3://acme-logs/pings");
  });
});
