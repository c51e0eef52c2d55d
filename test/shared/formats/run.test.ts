/** A run's record: which formats are read, and that a version without `retry` leaves alone what has it. */
import assert from "node:assert/strict";
import { parseRun, parseRunIfKnown, runSchema } from "../../../shared/formats/run.ts";
import { encodeStored, parseStored, UnknownFormat } from "../../../shared/formats/stored.ts";
import { specOf } from "../../master/setting.ts";

describe("a run's record", () => {
  const plain = specOf("one");
  const retry = specOf("two", { format: 2, reprocess: true, retry: ["corrupt"] });

  it("is read with and without what it retries", () => {
    for (const spec of [plain, retry]) {
      assert.deepEqual(parseRun(spec.run, encodeStored(spec)), spec);
      assert.deepEqual(parseRunIfKnown(spec.run, encodeStored(spec)), spec);
    }
  });

  it("of a newer format is left alone, as a retry is by a version that knows the first one only", () => {
    const newer = encodeStored({ ...retry, format: 3 });
    assert.throws(() => parseRun("two", newer), UnknownFormat);
    assert.equal(parseRunIfKnown("two", newer), null);
    assert.throws(() => parseStored("two", encodeStored(retry), runSchema, [1]), UnknownFormat);
  });
});
