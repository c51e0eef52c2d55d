/** Pages that list what the code has are held to the code: nothing that exists is left out, under another name, or made up. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createProgram } from "../../cli/program.ts";
import { exitCodeTable } from "../../cli/exit-codes.ts";
import { plantedBugs } from "../sim/bugs.ts";
import { fields } from "../../shared/config/fields.ts";
import { causes } from "../../shared/formats/attempt.ts";
import { missingReasons } from "../../shared/formats/resolution.ts";
import { repositoryRoot } from "../support/requirements.ts";
import { capturedIo } from "../cli/captured-io.ts";

function page(path: string): string {
  return readFileSync(join(repositoryRoot, path), "utf8");
}

/** What stands in backquotes in the first cell of a table's rows. */
function firstCells(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""));
}

describe("documentation", () => {
  it("lists every setting, and no other", () => {
    const [, settings = ""] = page("docs/limits.md").split(/^## /m);
    const listed = firstCells(settings).filter((name) => name !== "timing.scale");
    const known = [...fields.keys()].filter((name) => name !== "timing.scale");
    const places = ["store", "queue", "catalog", "web", "work"];
    assert.deepEqual(listed.toSorted(), known.filter((name) => !places.includes(name)).toSorted());
  });

  it("gives times their defaults", () => {
    const text = page("docs/limits.md");
    const unitMs: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };
    const wrong = text
      .split("\n")
      .filter((line) => line.startsWith("| `timing."))
      .flatMap((line) => {
        const [, names = "", values = ""] = line.split("|");
        const shown = values.split(",").map((value) => /(\d+) (s|min|h|d)/.exec(value));
        return [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""], index) => {
          const [, number, unit = ""] = shown[index] ?? [];
          return { name, ms: Number(number) * (unitMs[unit] ?? Number.NaN), is: fields.get(name)?.default };
        });
      })
      .filter(({ ms, is }) => ms !== is);
    assert.deepEqual(wrong, []);
  });

  it("lists every exit code", () => {
    const listed = [...page("docs/formats/json-output.md").matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
    assert.deepEqual(
      listed,
      exitCodeTable.map(([code]) => code),
    );
  });

  it("lists every error code", () => {
    const source = page("shared/errors.ts");
    const union = source.slice(source.indexOf("export type ErrorCode"), source.indexOf("export interface"));
    const codes = [...union.matchAll(/\| "([a-z-]+)"/g)].map((match) => match[1] ?? "");
    assert.ok(codes.length > 10);
    const text = page("docs/formats/json-output.md");
    assert.deepEqual(
      codes.filter((code) => !text.includes(`\`${code}\``)),
      [],
    );
  });

  it("lists every reason with its class, and every cause", () => {
    const rows = page("docs/formats/store.md").split("\n");
    const wrong = Object.entries(missingReasons).filter(
      ([reason, kind]) => !rows.some((row) => row.includes(`\`${reason}\``) && row.includes(`| ${kind} |`)),
    );
    assert.deepEqual(wrong, []);
    const listed = rows.find((row) => row.startsWith("Causes: ")) ?? "";
    assert.deepEqual(listed.replace("Causes: ", "").replace(/\.$/, "").split(", "), [...causes]);
  });

  it("names every command for its users", () => {
    const commands = createProgram(capturedIo(repositoryRoot).io, () => undefined).commands.map((command) =>
      command.name(),
    );
    const text = page("CHANGELOG.md");
    assert.deepEqual(
      commands.filter((name) => !new RegExp(`[\`|]${name}[\`| ]`).test(text)),
      [],
    );
  });

  it("replays a planted bug that exists", () => {
    const shown = /replay\.ts \d+ "([^"]+)"/.exec(page("ARCHITECTURE.md"))?.[1] ?? "";
    assert.ok(Object.hasOwn(plantedBugs, shown), shown);
  });
});
