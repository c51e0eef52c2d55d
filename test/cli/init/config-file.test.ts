/** The file that `init` writes: read back as settings, it is what was given and else the defaults, also with every `//` taken away. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { init, type InitOptions } from "../../../cli/commands/init.ts";
import { examples, explanations } from "../../../cli/init/explanations.ts";
import { writeNew } from "../../../cli/init/write-new.ts";
import { systemRandom } from "../../../shared/clock.ts";
import { fields, groups } from "../../../shared/config/fields.ts";
import { readSettings, type Settings } from "../../../shared/config/settings.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { tempDir } from "../../support/temp.ts";
import { capturedIo } from "../captured-io.ts";

const name = "spotfold.config.json";

async function written(folder: string, options: InitOptions = {}): Promise<string> {
  const captured = capturedIo(folder);
  assert.equal(await init(options, captured.io), 0, captured.err());
  return readFileSync(join(folder, name), "utf8");
}

function settingsIn(folder: string): Omit<Settings, "configFile"> {
  const { configFile: _, ...settings } = readSettings({}, { variables: {}, workingFolder: folder });
  return settings;
}

/** Every commented entry made one, but those that show an example, for there is no default. */
function uncommented(text: string): string {
  return text.replaceAll(/^( *)\/\/ ("(\w+)": .*)$/gm, (line, indent: string, entry: string, key: string) =>
    Object.hasOwn(examples, key) ? line : `${indent}${entry}`,
  );
}

describe("the configuration that init writes", () => {
  it("sets nothing of its own", async () => {
    const folder = tempDir("init");
    const defaults = settingsIn(folder);
    await written(folder);
    assert.deepEqual(settingsIn(folder), defaults);
    assert.deepEqual(readdirSync(folder), [name]);
  });

  it("shows the defaults that hold, and every setting that is no time", async () => {
    const folder = tempDir("init");
    const { datasets: _, ...defaults } = settingsIn(folder);
    const text = uncommented(await written(folder));
    writeFileSync(join(folder, name), text);
    const { datasets, ...settings } = settingsIn(folder);
    assert.deepEqual(settings, defaults);
    assert.deepEqual(
      datasets.map((dataset) => dataset.name),
      ["logs"],
    );
    for (const field of [...fields.keys()].filter((field) => !field.startsWith("timing."))) {
      assert.match(text, new RegExp(`^ +(?:// )?"${field.slice(field.indexOf(".") + 1)}": `, "m"));
    }
  });

  it("holds what was given, as it was given", async () => {
    const folder = tempDir("init");
    const text = await written(folder, {
      store: "s3://runs/x",
      web: "./site",
      queue: "sqs://fold",
      data: "s3://logs/web",
      dataset: "web",
      layout: "dt={date:yyyy-MM-dd}/",
      records: "text",
    });
    const { store, web, queue, datasets, catalog } = settingsIn(folder);
    assert.deepEqual([store, web, queue], ["s3://runs/x", `file:${folder}/site`, "sqs://fold"]);
    assert.equal(catalog, join(folder, ".spotfold/catalog.db"));
    assert.deepEqual(datasets, [
      { name: "web", place: "s3://logs/web", layout: "dt={date:yyyy-MM-dd}/", records: "text" },
    ]);
    assert.match(text, /^ {2}"web": "\.\/site",$/m);
  });

  it("explains settings that there are", () => {
    const known = new Set(fields.keys());
    assert.deepEqual(
      Object.keys(explanations).filter((field) => !known.has(field)),
      [],
    );
    const without = [...fields].filter(([, field]) => field.default === undefined).map(([field]) => field);
    assert.deepEqual(Object.keys(examples).toSorted(), without.toSorted());
    assert.ok([...groups].every((group) => Object.keys(explanations).some((field) => field.startsWith(`${group}.`))));
  });
});

describe("spotfold init", () => {
  it("says what is next, with the dataset's name", async () => {
    const captured = capturedIo(tempDir("init"));
    assert.equal(await init({ data: "./logs", dataset: "web" }, captured.io), 0);
    assert.match(captured.out(), /init --create .*\n.*doctor .*\n.*run <analysis> --data web /);
  });

  it("tells which variable the file does not overrule", async () => {
    const captured = capturedIo(tempDir("init"), {
      variables: { SPOTFOLD_STORE: "s3://aaa", SPOTFOLD_WEB: "s3://bbb" },
    });
    assert.equal(await init({ store: "s3://ccc", json: true }, captured.io), 0);
    assert.match(captured.err(), /SPOTFOLD_STORE=s3:\/\/aaa is set here, and comes before the file/);
    assert.match(captured.err(), /SPOTFOLD_WEB=s3:\/\/bbb is set here, and is not in the file/);
    const { places, ...rest } = JSON.parse(captured.out()) as { places: unknown[]; format: number; written: boolean };
    assert.deepEqual([places, rest.format, rest.written], [[], 1, true]);
  });

  it("leaves a file that is there", async () => {
    const folder = tempDir("init");
    writeFileSync(join(folder, name), "{}");
    const captured = capturedIo(folder);
    await assert.rejects(init({}, captured.io), { code: "usage", message: /is there already/, hint: /init --create/ });
    await assert.rejects(init({ create: true, data: "./x" }, captured.io), { code: "usage", message: /no dataset/ });
    assert.equal(readFileSync(join(folder, name), "utf8"), "{}");
  });

  it("leaves a file that came while it was at work, and no other", async () => {
    const folder = tempDir("init");
    const path = join(folder, name);
    const racers = await Promise.all(["a", "b", "c", "d"].map((text) => writeNew(path, text, systemRandom)));
    assert.equal(racers.filter(Boolean).length, 1);
    assert.deepEqual(readdirSync(folder), [name]);
    assert.equal(readFileSync(path, "utf8"), "abcd"[racers.indexOf(true)]);
  });

  it("writes nothing when a flag is wrong", async () => {
    const folder = tempDir("init");
    const wrong: readonly (readonly [InitOptions, RegExp])[] = [
      [{ store: "ftp://host/x" }, /--store\): must be a folder/],
      [{ queue: "sqs://a b" }, /--queue/],
      [{ data: "logs" }, /no place/],
      [{ layout: "{x}" }, /--data is missing/],
      [{ data: "./x", dataset: "No" }, /must have a name/],
      [{ data: "./x", layout: "{" }, /./],
      [{ data: "./x", records: "xml" }, /must be one of/],
      [{ publicWeb: true }, /--create/],
      [{ create: true, publicWeb: true }, /in a bucket/],
      [{ create: true, publicWeb: true, store: "s3://aaa", web: "s3://aaa/b" }, /overlap/],
      [
        { create: true, publicWeb: true, web: "s3://aaa/", data: "s3://aaa/logs/" },
        /blocks of --data: s3:..aaa.logs and s3:..aaa ov/,
      ],
      [{ create: true, store: "s3://ab", web: "./site" }, /The store s3:..ab names no bucket/],
      [{ create: true, store: "./work", web: "s3://Site/x" }, /The web store s3:..Site.x names no bucket/],
      [{ create: true, queue: "https://sqs.eu-west-1.amazonaws.com/1/x-jobs" }, /URL/],
    ];
    for (const [options, message] of wrong) {
      await assert.rejects(init(options, capturedIo(folder).io), { name: "SpotfoldError", message });
    }
    assert.deepEqual(readdirSync(folder), []);
  });

  it("opens nothing to anybody that only holders of a key can read", async () => {
    const variables = { SPOTFOLD_WEB_KMS_KEY_ID: "alias/web" };
    const { io } = capturedIo(tempDir("init"), { variables });
    const options = { create: true, publicWeb: true, web: "s3://site" };
    await assert.rejects(init(options, io), { code: "usage", message: /webKmsKeyId/ });
  });

  it("opens no dataset to anybody", async () => {
    const folder = tempDir("init");
    writeFileSync(
      join(folder, name),
      JSON.stringify({ web: "s3://a/site", datasets: { pings: { place: "s3://a/site/raw" } } }),
    );
    const options = { create: true, publicWeb: true };
    await assert.rejects(init(options, capturedIo(folder).io), { code: "usage", message: /the blocks of pings/ });
  });

  it("makes folders, once", async () => {
    const folder = tempDir("init");
    const first = capturedIo(folder);
    assert.equal(await init({ create: true, web: "./site" }, first.io), 0);
    assert.match(first.out(), /^made {4}folder .*\/site: /m);
    assert.deepEqual(readdirSync(folder).toSorted(), [".spotfold", "site", name]);
    const again = capturedIo(folder);
    assert.equal(await init({ create: true, web: "./site" }, again.io), 0);
    assert.match(again.out(), /^there .*spotfold\.config\.json: left as it is$/m);
    assert.doesNotMatch(again.out(), /^made/m);
  });

  it("makes nothing of flags that say something else than the file", async () => {
    const folder = tempDir("init");
    const text = JSON.stringify({ store: "./old", web: "./site" });
    writeFileSync(join(folder, name), text);
    // A variable is no word of the file's.
    const { io } = capturedIo(folder, { variables: { SPOTFOLD_STORE: "./new" } });
    await assert.rejects(init({ create: true, store: "./new", web: "site/", work: "./w" }, io), (error: unknown) => {
      assert.ok(error instanceof SpotfoldError && error.code === "usage");
      assert.match(
        error.message,
        /\n {2}store: the file says file:.*\/old, --store asks for file:.*\/new\n {2}work: .*\/w$/,
      );
      assert.match(error.hint ?? "", /^Edit the file/);
      return true;
    });
    assert.deepEqual(readdirSync(folder), [name]);
    assert.equal(readFileSync(join(folder, name), "utf8"), text);
  });

  it("goes on where something cannot be made, and tells all", async () => {
    const folder = tempDir("init");
    writeFileSync(join(folder, "file"), "");
    const captured = capturedIo(folder, { words: ["init", "--create"] });
    assert.equal(await init({ create: true, web: "./file/site" }, captured.io), 1);
    assert.match(captured.out(), /^failed {2}folder .*\/file\/site: .*ENOTDIR\n {8}\S/m);
    assert.match(captured.out(), /^made {4}folder .*\/work: /m);
    assert.match(captured.out(), /1 thing could not be made; .*spotfold init --create/);
  });
});
