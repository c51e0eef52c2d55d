import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { parseCommentedJson, stripComments } from "../../../shared/config/comments.ts";
import { callerFolder } from "../../../shared/config/environment.ts";
import { start } from "../../support/processes.ts";
import { tempDir } from "../../support/temp.ts";

describe("stripComments", () => {
  it("leaves JSON without comments as it is", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.equal(stripComments(text), text);
      }),
    );
  });

  it("leaves strings alone, whatever they hold", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.string(), (value, comment) => {
        const line = comment.replaceAll(/[\n\r]/g, " ");
        const text = `// ${line}\n${JSON.stringify(value, null, 2).replaceAll("\n", () => ` // ${line}\n`)} // ${line}`;
        assert.deepEqual(parseCommentedJson(text, "f"), JSON.parse(JSON.stringify(value)));
      }),
    );
    const tricky = `{"a//b": "c:\\\\", "d": "\\"//", /* no */}`;
    assert.equal(stripComments(tricky), tricky);
  });

  it("keeps every place", () => {
    assert.equal(stripComments(`{ // one "\n"a": 1 } // two`), `{         \n"a": 1 }       `);
  });
});

describe("parseCommentedJson", () => {
  it("takes a comma after the last entry, and none more", () => {
    const text = `{ "a": [1, 2,], "b": { "c": ",]", // "d": 1,\n }, // end\n}`;
    assert.deepEqual(parseCommentedJson(text, "f"), { a: [1, 2], b: { c: ",]" } });
    for (const wrong of [`{ "a": 1,, }`, `[1 2,]`, `{ "a": 1 },`]) {
      assert.throws(() => parseCommentedJson(wrong, "f"), { code: "invalid-config" });
    }
  });
});

describe("callerFolder", () => {
  const workingFolder = "/pkg";

  it("is the working folder without npm", () => {
    assert.equal(callerFolder({ variables: {}, workingFolder }), "/pkg");
    assert.equal(callerFolder({ variables: { INIT_CWD: "/elsewhere" }, workingFolder }), "/pkg");
  });

  it("is where npm was called when npm has changed the folder", () => {
    const variables = { INIT_CWD: "/pkg/sub", npm_package_json: "/pkg/package.json" };
    assert.equal(callerFolder({ variables, workingFolder }), "/pkg/sub");
  });

  it("is the working folder when somebody else has changed it since", () => {
    const variables = { INIT_CWD: "/pkg/sub", npm_package_json: "/pkg/package.json" };
    assert.equal(callerFolder({ variables, workingFolder: "/other" }), "/other");
  });

  it("knows the package's folder by any name", () => {
    const folder = tempDir("npm");
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    const variables = { INIT_CWD: "/from", npm_package_json: join(folder, "link", "package.json") };
    assert.equal(callerFolder({ variables, workingFolder: join(folder, "real") }), "/from");
  });

  it("is right under npm run, npm run --prefix and npx, as npm really does it", async () => {
    const folder = tempDir("npm");
    const module = new URL("../../../shared/config/environment.ts", import.meta.url).href;
    const script = `import { callerFolder, processEnvironment } from ${JSON.stringify(module)};
      console.log("caller=" + callerFolder(processEnvironment()));`;
    writeFileSync(join(folder, "show.mjs"), script);
    const manifest = { name: "caller", version: "1.0.0", scripts: { show: "node show.mjs" } };
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    mkdirSync(join(folder, "sub"));
    const sub = join(folder, "sub");
    for (const [args, cwd] of [
      [["run", "-s", "show"], sub],
      [["run", "-s", "--prefix", folder, "show"], tempDir("elsewhere")],
      [["exec", "-c", `node ${join(folder, "show.mjs")}`], sub],
    ] as const) {
      const npm = await start("npm", args, { cwd });
      const { stdout, stderr } = await npm.waitForEnd();
      assert.match(stdout, new RegExp(`caller=${cwd}\\n`), stderr);
    }
  });
});
