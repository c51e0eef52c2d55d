/** What LocalStack does not do: docs/backends.md says the same. A case that passes on a later version is told as a failure. */
import type { Lack } from "../support/requirements.ts";

export const s3Lacks: readonly Lack[] = [
  {
    reason: "LocalStack 4.14.0 compares start-after with keys as they are encoded, not with their bytes",
    cases: [
      "orders a-b/x before a/x before a0, and characters beyond U+FFFF last",
      "agrees with a plain model for any keys, prefix, after and depth",
    ],
  },
  {
    reason: "LocalStack 4.14.0 takes a key that is / for its bucket, where a store is a whole bucket",
    cases: ["finds nothing under what is no key: it is never taken for another one"],
  },
];
