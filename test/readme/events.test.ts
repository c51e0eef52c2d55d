/** The events of the log: each that is declared is documented with its level, and logged somewhere. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { allEvents } from "../../cli/compose/log.ts";
import { repositoryRoot } from "../support/requirements.ts";

/** The first two cells of the tables. */
function documented(): Record<string, string> {
  const text = readFileSync(join(repositoryRoot, "docs/formats/log.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (debug|info|warn|error) \|/gm)];
  assert.equal(rows.length, new Set(rows.map(([, name]) => name)).size, "no event is listed twice");
  return Object.fromEntries(rows.map(([, name = "", level = ""]) => [name, level]));
}

function productCode(): string {
  return ["cli", "master", "shared", "worker"]
    .flatMap((folder) =>
      readdirSync(join(repositoryRoot, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
    )
    .join("\n");
}

describe("events of the log", () => {
  it("are documented, each with its level, and no others are", () => {
    assert.deepEqual(documented(), { ...allEvents });
  });

  it("are all logged somewhere", () => {
    const code = productCode();
    const unused = Object.keys(allEvents).filter(
      (name) => !new RegExp(`(?<!readonly )\\bevent: [^\\n]*"${name}"`).test(code),
    );
    assert.deepEqual(unused, []);
  });
});
