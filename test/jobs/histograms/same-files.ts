/** That a unit's files are those of the plain reference, one by one: the difference of two maps of all of them would fill the memory. */
import assert from "node:assert/strict";

/** The page's own, which the reference does not have; test/jobs/page.test.ts holds it. */
const describedBy = "site.json";

/** `expected`: by name, parsed. */
export function assertSameFiles(
  files: Readonly<Record<string, string>>,
  expected: ReadonlyMap<string, unknown> | undefined,
): void {
  const names = Object.keys(files).filter((name) => name !== describedBy);
  assert.deepEqual(new Set(names), new Set(expected?.keys()));
  assert.equal(names.length, Object.keys(files).length - 1);
  for (const name of names) assert.deepEqual(JSON.parse(files[name] ?? ""), expected?.get(name), name);
}
