/** The fast way that docs/writing-analyses.md shows to authors, as it stands there, held to the plain one. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { RecordView } from "../../jobs/index.ts";
import {
  InvalidRecord,
  JsonCursor,
  NO_MEMBER,
  NameTable,
  PathReader,
  Surprise,
  UNKNOWN_NAME,
  defineAnalysis,
} from "../../jobs/index.ts";
import { runAnalysis } from "../../jobs/testing.ts";
import { TestRecord } from "../../jobs/testing/record.ts";
import { damaged, jsonText, stringText } from "../shared/records/json-texts.ts";

const cursor = new JsonCursor();

function plainSumOf(json: unknown): number {
  const values = typeof json === "object" && json !== null && !Array.isArray(json) ? Object.values(json) : [];
  return values.reduce((sum: number, value: unknown) => (typeof value === "number" ? sum + value : sum), 0);
}

function sumOf(record: RecordView, names: NameTable, seen: Set<number>): number {
  try {
    let sum = 0;
    seen.clear();
    cursor.start(record.bytes);
    cursor.enterObject();
    for (let name = cursor.nextOf(names); name !== NO_MEMBER; name = cursor.nextOf(names)) {
      if (name === UNKNOWN_NAME) {
        if (cursor.nameEscaped || !cursor.nameAscii) return plainSumOf(record.json());
        name = names.add(cursor.bytes, cursor.nameStart, cursor.nameEnd, cursor.nameHash);
        if (name < 0) return plainSumOf(record.json()); // too many names collide
        names.came(name); // so that it is guessed the next time
      }
      if (seen.has(name)) return plainSumOf(record.json());
      seen.add(name);
      if (cursor.kind() === "number") sum += cursor.number();
      else cursor.skip();
    }
    cursor.finish();
    return sum;
  } catch (error) {
    if (error instanceof Surprise) return plainSumOf(record.json());
    throw error;
  }
}

describe("the fast way of the docs", () => {
  it("gives what the plain way gives", () => {
    const value = fc.oneof({ weight: 3, arbitrary: fc.integer().map(String) }, jsonText);
    const name = fc
      .tuple(fc.constantFrom("a", "b", "c", "d", "é", "longer-than-a-word"), fc.nat(20))
      .map(([text, n]) => stringText(text, n === 0));
    const record = fc
      .tuple(fc.array(fc.tuple(name, value)), fc.option(damaged, { freq: 4 }))
      .map(([members, damage]) => {
        const bytes = Buffer.from(`{${members.map((member) => member.join(": ")).join(", ")}}`);
        return damage === null ? bytes : damage(bytes);
      });
    const view = new TestRecord({ key: "", dimensions: {} });
    const outcome = (sum: () => number): string => {
      try {
        return String(sum());
      } catch (error) {
        return String(error);
      }
    };
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), (records) => {
        const names = new NameTable();
        const seen = new Set<number>();
        for (const bytes of records) {
          view.load(bytes);
          const expected = outcome(() => plainSumOf(view.json()));
          assert.equal(
            outcome(() => sumOf(view, names, seen)),
            expected,
            bytes.toString(),
          );
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("takes fields by their paths", () => {
    const fields = new PathReader([
      ["info", "OS"],
      ["addons", 0, "id"],
    ]);
    const analysis = defineAnalysis<number>({
      name: "os-and-addon",
      key: ["os", "addon"],
      map(record, emit) {
        const [os, addon] = fields.read(record);
        if (typeof os !== "string") throw new InvalidRecord("no-os");
        emit([os, typeof addon === "string" ? addon : ""], 1);
      },
      merge: (a, b) => a + b,
    });
    const records = [{ info: { OS: "Linux" } }, { addons: [{ id: "x" }], info: { OS: "Linux" } }, {}, "{"];
    const { entries, rejected } = runAnalysis(analysis, [{ records }]);
    assert.deepEqual(entries, [
      [["Linux", ""], 1],
      [["Linux", "x"], 1],
    ]);
    assert.deepEqual(rejected, { "no-os": 1, "invalid-json": 1 });
  });
});
