/** The flags that a command hands on, so that another one finds the same stores. */
import assert from "node:assert/strict";
import { flagsOf, settingsOf, whereNames } from "../../../cli/compose/settings.ts";
import { tempDir } from "../../support/temp.ts";
import { capturedIo } from "../captured-io.ts";

describe("the flags that say where things lie", () => {
  const given = { work: "w", store: "s3://b/p", web: "site", json: true };

  it("are those that a command was given, and no others", () => {
    assert.deepEqual(flagsOf(given), ["--store", "s3://b/p", "--web", "site", "--work", "w"]);
    assert.deepEqual(flagsOf(given, whereNames), ["--store", "s3://b/p", "--work", "w"]);
    assert.deepEqual(flagsOf({}), []);
  });

  it("are all of settings: the other process need not read the same configuration", () => {
    const { io } = capturedIo(tempDir("flags"));
    const flags = flagsOf(settingsOf({ store: "s3://b/p" }, io));
    assert.deepEqual(
      flags.filter((word) => word.startsWith("--")),
      ["--store", "--queue", "--catalog", "--web", "--work"],
    );
    assert.equal(flags[1], "s3://b/p");
  });
});
