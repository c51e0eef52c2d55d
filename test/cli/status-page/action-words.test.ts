/** What the page asks for becomes words of a command, and these a line for a shell: nothing hostile gets to be more than a value. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as fc from "fast-check";
import * as v from "valibot";
import { actionSchema, wordsOf, type Action } from "../../../cli/status-page/action-words.ts";
import type { Choices } from "../../../cli/status-page/choices.ts";
import { commandLine } from "../../../cli/io.ts";
import { createProgram } from "../../../cli/program.ts";
import { paramText, parseParams } from "../../../cli/submit/params.ts";
import { capturedIo } from "../captured-io.ts";
import { tempDir } from "../../support/temp.ts";

const hostileTexts = [
  "$(touch pwned)",
  "`touch pwned`",
  "'; touch pwned; '",
  '"; touch pwned; "',
  "--into=other",
  "-x",
  "a b  c",
  "*",
  "~",
  "!!",
  "\\",
  "\\'",
  "a\nb",
  "#",
  "&& touch pwned",
  "<img src=x>",
  "מערכת",
  "",
];

const layout = "{os}/{version}/";
const dataset = { name: "logs", place: "file:/logs", layout, records: "ndjson" };
const choices: Choices = {
  document: { format: 1, analyses: [], datasets: [], aggregates: [] },
  datasets: new Map([["logs", { spec: dataset, flags: ["--data=file:/my logs", `--layout=${layout}`] }]]),
};
const submit = (change: Partial<Extract<Action, { action: "submit" }>>): Action => ({
  action: "submit",
  analysis: "counts",
  dataset: "logs",
  where: [],
  params: [],
  inputsOf: null,
  into: null,
  reprocess: false,
  ...change,
});

describe("actions as words of a command", () => {
  const shells = ["/bin/sh", "/bin/bash", "/bin/dash", "/bin/zsh"].filter((path) => existsSync(path));

  it("stand in a real shell for exactly these words", () => {
    const folder = tempDir("shell");
    const told = (shell: string, words: readonly string[]): string[] => {
      const line = commandLine({ command: ["printf", "%s\\0"] }, words);
      return execFileSync(shell, ["-c", line], { cwd: folder, encoding: "utf8" }).split("\0").slice(0, -1);
    };
    const all = hostileTexts.flatMap((text) => [text, `--where=os=${text}`]);
    assert.ok(shells.length > 0);
    for (const shell of shells) {
      assert.deepEqual(told(shell, all), all, shell);
      fc.assert(
        fc.property(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 20 }), (texts) => {
          const words = texts.map((text) => text.replaceAll("\0", ""));
          assert.deepEqual(told(shell, words), words);
        }),
        { numRuns: 40 },
      );
    }
    assert.equal(existsSync(`${folder}/pwned`), false);
  });

  it("are read by the command line as the values that they are", async () => {
    for (const text of hostileTexts.filter((one) => one !== "")) {
      const words = wordsOf(
        submit({ where: [{ dimension: "os", values: text }], params: [{ name: "by", value: text }] }),
        choices,
      );
      const program = createProgram(capturedIo("/").io, () => undefined);
      const command = program.commands.find((one) => one.name() === "submit");
      assert.ok(command !== undefined);
      let seen: { analysis: string; options: object } | null = null;
      command.action((analysis: string, options: object) => void (seen = { analysis, options }));
      await program.parseAsync(["node", "spotfold", ...words]);
      const options = { data: "file:/my logs", layout, where: [`os=${text}`], param: [`by=${text}`] };
      assert.deepEqual(seen, { analysis: "counts", options: { ...options } });
    }
  });

  it("are refused when they are not what was offered", () => {
    assert.throws(() => wordsOf(submit({ dataset: "other" }), choices), /other is no dataset that is known here/);
    assert.throws(() => wordsOf(submit({}), null), /no dataset/);
    assert.throws(
      () => wordsOf(submit({ where: [{ dimension: "color", values: "red" }] }), choices),
      /has no dimension "color"/,
    );
    const refused: readonly unknown[] = [
      null,
      [],
      "cancel",
      { action: "doctor" },
      { action: "cancel", run: "--help" },
      { action: "cancel", run: "a", more: 1 },
      { action: "retry", aggregate: "a", dataset: "d", reasons: ["bored"] },
      { action: "retry", aggregate: "a b", dataset: "d", reasons: [] },
      { action: "retry", aggregate: "a", dataset: "-d", reasons: [] },
      ...["./my.ts", "/etc/passwd", "bundle:abc", "--help", "bundle:../x", "Counts"].map((analysis) =>
        submit({ analysis }),
      ),
      ...["../x", "--x", "", "A"].flatMap((id) => [
        submit({ into: id }),
        submit({ inputsOf: id }),
        submit({ dataset: id }),
      ]),
      submit({ where: [{ dimension: "a=b", values: "x" }] }),
      submit({ where: [{ dimension: "", values: "x" }] }),
      submit({ where: [{ dimension: "os", values: "a\u0000b" }] }),
      submit({ where: [{ dimension: "os", values: "a\nb" }] }),
      submit({ where: [{ dimension: "os", values: "a\u202eb" }] }),
      submit({ params: [{ name: "by", value: "a\u200bb" }] }),
      submit({ where: [{ dimension: "os", values: "x".repeat(5_000) }] }),
      submit({ where: Array.from({ length: 41 }, () => ({ dimension: "os", values: "x" })) }),
      submit({ params: [{ name: "a b", value: "" }] }),
      submit({ params: [{ name: "a=b", value: "" }] }),
      { ...submit({}), param: ["x=y"] },
    ];
    for (const body of refused) assert.equal(v.safeParse(actionSchema, body).success, false, JSON.stringify(body));
    assert.equal(v.safeParse(actionSchema, submit({ analysis: `bundle:${"a".repeat(64)}` })).success, true);
  });

  it("give parameters the values that they had", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        const text = paramText(plain);
        assert.deepEqual(parseParams([`a=${text}`], undefined), { a: plain });
        assert.match(text, /^\P{C}*$/u, "what the page may send");
      }),
    );
    for (const hidden of ["a\nb", "\u202e", "\u{e0001}"]) {
      assert.match(paramText(hidden), /^"[ -~]+"$/);
      assert.deepEqual(parseParams([`a=${paramText(hidden)}`], undefined), { a: hidden });
    }
  });
});
