/** Writing blocks where the native package was left out, as an npm under an older Node does. */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { runNode } from "../../support/processes.ts";
import { repositoryRoot } from "../../support/requirements.ts";

const url = (path: string): string => JSON.stringify(pathToFileURL(join(repositoryRoot, path)).href);

const script = `
import { registerHooks } from "node:module";
registerHooks({
  resolve(name, context, next) {
    if (/^@napi-rs\\/lzma-/.test(name) || /\\.node$/.test(name)) throw new Error("left out");
    return next(name, context);
  },
});
const { encodeBlock, encodeWhole } = await import(${url("shared/codecs/encode.ts")});
const { decodeWhole } = await import(${url("shared/codecs/index.ts")});
for (const key of ["a.lzma", "a.xz", "a.gz", "a.zst"]) {
  const bytes = Buffer.from("a line\\n");
  try {
    const encoded = encodeWhole(key, bytes);
    console.log(JSON.stringify({ key, same: Buffer.concat([...decodeWhole(key, encoded)]).equals(bytes) }));
  } catch ({ code, message, hint }) {
    console.log(JSON.stringify({ key, code, message, hint }));
  }
}
await encodeBlock("a.xz", []).next().catch(({ code }) => console.log(JSON.stringify({ code })));
`;

describe("encoders without their native package", () => {
  it("say what to do where it is needed, and write the other codecs", async () => {
    const end = await runNode(["--input-type=module", "-e", script]);
    const said = end.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(said.length, 5, end.stderr);
    for (const { code, message, hint } of said.slice(0, 2)) {
      assert.equal(code, "invalid-config");
      assert.match(String(message), /^The encoder of \.lzma and \.xz cannot be loaded: [^\n]+$/);
      assert.match(String(hint), /^Run npm install again with this Node/);
    }
    assert.deepEqual(said.slice(2), [
      { key: "a.gz", same: true },
      { key: "a.zst", same: true },
      { code: "invalid-config" },
    ]);
  });
});
