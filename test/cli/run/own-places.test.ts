import assert from "node:assert/strict";
import { refuseOwnPlaces } from "../../../cli/run/own-places.ts";

describe("places of ours in the folder of the data", () => {
  const elsewhere = {
    store: "file:/w/store",
    queue: "/w/q.db",
    catalog: "/w/c.db",
    web: "file:/w/web",
    work: "/w/work",
  };

  it("are refused, with the flag that named them", () => {
    const cases = [
      [{ out: "file:/data/site" }, /--out \/data\/site lies in the folder of the data, \/data/],
      [{ out: "file:/data" }, /--out \/data lies in/],
      [{ store: "file:/data/a/b" }, /--store \/data\/a\/b/],
      [{ queue: "/data/q.db" }, /--queue/],
      [{ work: "/data/.cache" }, /--work/],
    ] as const;
    for (const [place, message] of cases) {
      assert.throws(() => refuseOwnPlaces("file:/data", { ...elsewhere, ...place }), { code: "usage", message });
    }
  });

  it("may be beside it, above it, or in the folder that a listing leaves out", () => {
    refuseOwnPlaces("file:/data", { ...elsewhere, out: "file:/database", store: "file:/data/.spotfold/store" });
    refuseOwnPlaces("file:/w/store/data", elsewhere);
    refuseOwnPlaces("s3://bucket/w", elsewhere);
  });

  it("are in no folder where a server keeps them, whatever folder the caller stands in", () => {
    const served = { ...elsewhere, store: "s3://bucket/work", web: "s3://bucket/site", queue: "sqs://spotfold" };
    refuseOwnPlaces(`file:${process.cwd()}`, served);
  });
});
