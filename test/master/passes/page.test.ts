/** The page beside an aggregate: what it loads comes first, and nothing is written twice. */
import assert from "node:assert/strict";
import { publishPage, type PageFile } from "../../../master/passes/page.ts";
import { readAll } from "../../../shared/read-all.ts";
import { intercepted, MasterSetting } from "../setting.ts";

const pageOf = (version: string): readonly PageFile[] => [
  { name: "index.html", bytes: Buffer.from(`page-${version}.js`) },
  { name: `page-${version}.js`, bytes: Buffer.from(`js ${version}`) },
  { name: `page-${version}.css`, bytes: Buffer.from(`css ${version}`) },
];

describe("the page of an aggregate", () => {
  let setting: MasterSetting;
  let written: string[];

  beforeEach(() => {
    setting = new MasterSetting();
    written = [];
  });

  /** `fails`: what is written so many times before the store is gone. */
  async function publish(page: readonly PageFile[], fails = Infinity): Promise<void> {
    const web = intercepted(setting.web, (method, key) => {
      if (method === "get") return;
      if (written.length >= fails) throw new Error("the store is gone");
      written.push(`${method} ${key}`);
    });
    await publishPage(setting.context({ web, page: async () => page }), "agg/");
  }

  const there = async (name: string): Promise<string | null> => {
    const found = await readAll(setting.web, `agg/${name}`);
    return found === null ? null : Buffer.from(found.bytes).toString();
  };

  it("is there once what it loads is there, and is not written again", async () => {
    await publish(pageOf("1"));
    assert.equal(written.at(-1), "swap agg/index.html");
    assert.deepEqual(written.toSorted(), ["put agg/page-1.css", "put agg/page-1.js", "swap agg/index.html"]);
    assert.deepEqual([await there("index.html"), await there("page-1.js")], ["page-1.js", "js 1"]);
    written = [];
    await publish(pageOf("1"));
    assert.deepEqual(written, []);
  });

  it("is the old one, whole, until the new one is", async () => {
    await publish(pageOf("1"));
    for (const fails of [0, 1, 2]) {
      written = [];
      await assert.rejects(publish(pageOf("2"), fails), /the store is gone/);
      assert.deepEqual([await there("index.html"), await there("page-1.js")], ["page-1.js", "js 1"]);
    }
    written = [];
    await publish(pageOf("2"));
    // Who has the old page open still finds what it loads.
    assert.deepEqual([await there("index.html"), await there("page-1.css")], ["page-2.js", "css 1"]);
  });

  it("is nothing where there is none", async () => {
    await publish([]);
    assert.deepEqual(written, []);
  });
});
