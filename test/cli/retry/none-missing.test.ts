/** A retry of nothing says which part of what was asked for is not there, and what is. */
import assert from "node:assert/strict";
import { MissingSeen, nothingMissing, type Nothing, type Unasked } from "../../../cli/retry/none-missing.ts";
import { compileLayout } from "../../../shared/dataset/layout.ts";

const missing = new MissingSeen();
missing.add("logs", "corrupt");
missing.add("logs", "corrupt");
missing.add("logs", "gone");

const said = (change: Partial<Nothing>): string => {
  const nothing = { aggregate: "sums", known: ["pings", "logs"], missing, dataset: undefined, unasked: [] };
  const { code, message, hint = "" } = nothingMissing({ ...nothing, reasons: new Set(["timeout"]), ...change });
  assert.equal(code, "usage");
  return `${message}. ${hint}`;
};

describe("a retry of nothing", () => {
  it("names datasets that there are, close ones first, and those of which blocks are missing", () => {
    assert.equal(said({ dataset: "lgos" }), 'sums has no dataset "lgos". It was made of logs, pings.');
    assert.equal(
      said({ dataset: "pings" }),
      "nothing is missing in sums of the dataset pings. Blocks are missing of logs.",
    );
    assert.equal(said({ missing: new MissingSeen() }), "nothing is missing in sums. ");
  });

  it("names the reasons by which blocks are missing", () => {
    assert.equal(said({}), "nothing is missing in sums by timeout. Blocks are missing there by corrupt (2), gone (1).");
  });

  it("names the value that none of them has, and the nearest that some have", () => {
    const layout = compileLayout("{channel}/{date:yyyyMMdd}/{file}");
    const seen = { channel: ["beta", "nightly"], date: ["20260101", "20260102"], file: { min: "a", max: "z" } };
    const of = (asked: Unasked["asked"]): string => said({ unasked: [{ dataset: "logs", layout, seen, asked }] });
    assert.equal(
      of({ date: ["20260101"], channel: ["nightlyy"] }),
      "no block that is missing in sums has channel=nightlyy. Change it, or leave it out; the nearest are nightly, beta.",
    );
    assert.match(of({ date: { min: "20270101" } }), /has date=20270101\.\.\. .*the nearest are 20260102, 20260101\.$/);
    assert.match(
      of({ channel: ["beta"], date: ["20260101"] }),
      /has channel=beta and date=20260101\. Leave some of it out; spotfold retry sums --plan says/,
    );
    assert.match(of({ file: ["m"] }), /has file=m\. Leave some/, "only the ends are known");
  });

  it("names the dataset that it speaks of where blocks of several are missing, and the others", () => {
    const layout = compileLayout("{channel}/{file}");
    const asked = { channel: ["nightlyy"] };
    const logs = { dataset: "logs", layout, asked, seen: { channel: ["beta"] } };
    const pings = { ...logs, dataset: "pings", seen: { channel: ["nightly"] } };
    assert.equal(
      said({ unasked: [logs, pings] }),
      "no block that is missing in sums of the dataset logs has channel=nightlyy. Change it, or leave it out; " +
        "the nearest are beta. Nor is such a block missing of pings: --dataset says why.",
    );
  });
});
