/**
 * The plainest way to publish what is there already: reads the files of a folder, writes them into another one, syncs all, then
 * their folders, then writes what points to them: `node bench/render-child.ts FROM TO`.
 */
import { closeSync, cpSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const [, , from = "", to = ""] = process.argv;

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

const entries = readdirSync(from, { recursive: true, withFileTypes: true });
const names = entries
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(from.length + 1))
  .filter((name) => name.includes("/") && !name.startsWith("."));
const folders = new Set(names.map((name) => join(to, dirname(name))));
for (const folder of folders) mkdirSync(folder, { recursive: true });
for (const name of names) writeFileSync(join(to, name), readFileSync(join(from, name)));
for (const name of names) sync(join(to, name));
for (const folder of [...folders, to]) sync(folder);
cpSync(join(from, "versions.json"), join(to, "versions.json"));
sync(join(to, "versions.json"));
