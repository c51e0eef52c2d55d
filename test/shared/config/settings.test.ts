import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SpotfoldError } from "../../../shared/errors.ts";
import type { Environment } from "../../../shared/config/environment.ts";
import { fields, flagOf, variableOf } from "../../../shared/config/fields.ts";
import { printable, readSettings } from "../../../shared/config/settings.ts";
import type { CommandLineSettings, Settings } from "../../../shared/config/settings.ts";
import { tempDir } from "../../support/temp.ts";

type Variables = Environment["variables"];

/** Settings of a process in a new folder that holds this file. */
function settingsOf(file: string | undefined, variables: Variables = {}, given: CommandLineSettings = {}): Settings {
  const workingFolder = tempDir("config");
  if (file !== undefined) writeFileSync(join(workingFolder, "spotfold.config.json"), file);
  return readSettings(given, { variables, workingFolder });
}

/** The message that names every problem. */
function problemsOf(file: string | undefined, variables: Variables = {}, given: CommandLineSettings = {}): string {
  try {
    settingsOf(file, variables, given);
  } catch (error) {
    assert.ok(error instanceof SpotfoldError, String(error));
    assert.equal(error.code, "invalid-config");
    assert.ok(error.hint !== undefined);
    return error.message;
  }
  throw new assert.AssertionError({ message: "the settings were taken" });
}

describe("readSettings", () => {
  it("puts everything below .spotfold/ of the caller's folder without any", () => {
    const settings = settingsOf(undefined);
    const folder = settings.folder;
    assert.equal(settings.store, `file:${folder}/.spotfold/store`);
    assert.equal(settings.queue, `${folder}/.spotfold/queue.db`);
    assert.equal(settings.catalog, `${folder}/.spotfold/catalog.db`);
    assert.equal(settings.web, `file:${folder}/.spotfold/web`);
    assert.equal(settings.work, `${folder}/.spotfold/work`);
    assert.ok(settings.slots >= 1);
    assert.deepEqual(settings.datasets, []);
    assert.equal(settings.configFile, null);
    assert.equal(settings.timing.leaseMs, 120_000);
    assert.equal(settings.timing.heartbeatMs, 25_000);
    assert.equal(settings.limits.executorHeapBytes, 512 * 1024 * 1024);
    assert.ok(Object.isFrozen(settings) && Object.isFrozen(settings.timing) && Object.isFrozen(settings.limits));
  });

  it("takes flags before variables before the file before defaults", () => {
    const file = `{ "store": "by-file", "queue": "q-by-file.db", "web": "w-by-file", "slots": 3 } // all`;
    const variables = { SPOTFOLD_STORE: "by-variable", SPOTFOLD_QUEUE: "q-by-variable.db", SPOTFOLD_SLOTS: "4" };
    const settings = settingsOf(file, variables, { store: "by-flag", slots: undefined });
    const { folder } = settings;
    assert.equal(settings.store, `file:${folder}/by-flag`);
    assert.equal(settings.queue, `${folder}/q-by-variable.db`);
    assert.equal(settings.web, `file:${folder}/w-by-file`);
    assert.equal(settings.catalog, `${folder}/.spotfold/catalog.db`);
    assert.equal(settings.slots, 4);
    assert.equal(settings.configFile, `${folder}/spotfold.config.json`);
  });

  it("treats a variable that is set to nothing as not set", () => {
    assert.equal(settingsOf(`{"slots": 3}`, { SPOTFOLD_SLOTS: "" }).slots, 3);
  });

  it("has a variable for every field", () => {
    for (const [name, field] of fields) {
      if (field.kind !== "number" || name === "timing.scale") continue;
      const settings = settingsOf(undefined, { [variableOf(name)]: String(field.default) });
      assert.ok(settings.slots >= 1, name);
    }
    assert.equal(variableOf("timing.leaseMs"), "SPOTFOLD_TIMING_LEASE_MS");
    assert.equal(flagOf("recentDays"), "--recent-days");
  });

  it("scales all times at once, and checks relations whatever the scale", () => {
    const { timing } = settingsOf(undefined, { SPOTFOLD_TIMING_SCALE: "0.02" });
    assert.equal(timing.scale, 0.02);
    assert.equal(timing.leaseMs, 2_400);
    assert.equal(timing.heartbeatMs, 500);
    assert.equal(timing.foldMs, 200);
    const message = problemsOf(`{"timing": {"heartbeatMs": 40000}}`, { SPOTFOLD_TIMING_SCALE: "0.02" });
    assert.match(message, /timing\.heartbeatMs = 40000 \(spotfold\.config\.json\): must be less than a third/);
  });

  it("reports every problem at once, with field, value, rule and source", () => {
    const file = `{
      "stroe": "x",
      "slots": 0,
      "timing": { "leaseMs": "long", "hartbeatMs": 1 },
      "limits": 7,
      "datasets": { "Big": { "place": "a" }, "logs": { "layout": "{", "records": "csv", "plaice": "b" } }
    }`;
    const message = problemsOf(file, { SPOTFOLD_QUEU: "q", SPOTFOLD_RECENT_DAYS: "many" }, { store: "" });
    for (const expected of [
      /^13 settings are wrong:/,
      /\n {2}store = "" \(--store\): must not be empty/,
      /\n {2}SPOTFOLD_QUEU = "q" \(environment\): is no setting; did you mean SPOTFOLD_QUEUE\?/,
      /\n {2}recentDays = "many" \(SPOTFOLD_RECENT_DAYS\): must be a whole number from 0 to/,
      /\n {2}stroe = "x" \(spotfold\.config\.json\): is no setting; did you mean store\?/,
      /\n {2}slots = 0 \(spotfold\.config\.json\): must be a whole number from 1 to/,
      /\n {2}timing\.leaseMs = "long" .*must be a whole number/,
      /\n {2}timing\.hartbeatMs = 1 .*did you mean heartbeatMs\?/,
      /\n {2}limits = 7 .*must be an object/,
      /\n {2}datasets\.Big = "Big" .*must have a name/,
      /\n {2}datasets\.logs\.plaice = "b" .*did you mean place\?/,
    ]) {
      assert.match(message, expected);
    }
  });

  it("reads datasets, with places that belong to the file's folder", () => {
    const { datasets, folder } = settingsOf(`{
      "datasets": {
        // The telemetry that we were given; see https://example.org/ for more.
        "telemetry": { "place": "data//pings" },
        "elb": { "place": "/logs/elb", "layout": "dt={date:yyyy-MM-dd}/" },
        "raw": { "place": "file:/raw", "layout": "{rest}", "records": "text" }
      }
    }`);
    assert.deepEqual(datasets, [
      { name: "telemetry", place: `file:${folder}/data/pings`, layout: "telemetry", records: "telemetry" },
      { name: "elb", place: "file:/logs/elb", layout: "dt={date:yyyy-MM-dd}/", records: "ndjson" },
      { name: "raw", place: "file:/raw", layout: "{rest}", records: "text" },
    ]);
  });

  it("refuses datasets that overlap, lack a place, or have an impossible layout", () => {
    const message = problemsOf(`{"datasets": {
      "a": {"place": "/x"}, "b": {"place": "/x/y"}, "c": {}, "d": {"place": "/d", "layout": "{"}
    }}`);
    assert.match(message, /^3 settings are wrong/);
    assert.match(message, /datasets\.b\.place = .*must not overlap with datasets\.a/);
    assert.match(message, /datasets\.c\.place = nothing .*must be given/);
    assert.match(message, /datasets\.d\.layout = "\{" .*never closed/);
  });

  it("says what is not JSON, and where", () => {
    assert.match(problemsOf(`{\n  "store": "a",\n  "web" "b"\n}`), /spotfold\.config\.json is not JSON: .*line 3/s);
    assert.match(problemsOf("[1]"), /must be an object/);
    assert.match(problemsOf(""), /not JSON/);
  });

  it("refuses limits that contradict each other", () => {
    const message = problemsOf(`{"limits": {"executorHeapBytes": 2147483648, "checkpointStateBytes": 2147483648}}`);
    assert.match(message, /limits\.executorHeapBytes = 2147483648 .*must be less than limits\.executorRssBytes/);
    assert.match(message, /limits\.checkpointStateBytes = 2147483648 .*must be at most half/);
  });

  it("takes a smaller heap alone: a state that nobody limited is at most half of it", () => {
    const heap = (mib: number): string => `{"limits": {"executorHeapBytes": ${mib * 2 ** 20}}}`;
    assert.equal(settingsOf(heap(192)).limits.checkpointStateBytes, 96 * 2 ** 20);
    assert.equal(settingsOf(heap(512)).limits.checkpointStateBytes, 128 * 2 ** 20);
  });

  it("refuses a store that is no folder", () => {
    assert.match(problemsOf(undefined, {}, { store: "ftp://host/x" }), /store = "ftp:.*\(--store\): must be a folder/);
  });

  it("shows no credentials", () => {
    const message = problemsOf(undefined, {}, { web: "http://me:secret@host/x" });
    assert.doesNotMatch(message, /secret/);
    const settings = { ...settingsOf(undefined), work: "/x/http://me:secret@host" };
    assert.doesNotMatch(JSON.stringify(printable(settings)), /secret/);
    assert.equal(printable(settings)["slots"], settings.slots);
  });
});
