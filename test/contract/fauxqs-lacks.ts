/** What fauxqs does not do: docs/backends.md says the same. A case that passes on a later version is told as a failure. */
import type { Lack } from "../support/requirements.ts";

export const s3Lacks: readonly Lack[] = [
  {
    reason: "fauxqs 2.4.1 takes If-Match and If-None-Match on writes, and ignores them",
    cases: [
      "takes a beside a/b and a/b/c, in any order, by any kind of write",
      "creates once, and answers with what is there",
      "swaps only what is expected",
      "tells same size, same moment, other bytes apart",
      "lets one of many racers win a create, and a swap",
      "counts right when many swap one blob, each after what it read",
    ],
  },
  {
    reason: "fauxqs 2.4.1 ignores encoding-type=url in lists",
    cases: ["holds each key apart from all others, lists them in byte order, deletes one without the others"],
  },
  {
    reason: "fauxqs 2.4.1 lists in the order of UTF-16, not of bytes",
    cases: [
      "orders a-b/x before a/x before a0, and characters beyond U+FFFF last",
      "agrees with a plain model for any keys, prefix, after and depth",
    ],
  },
];

export const sqsLacks: readonly Lack[] = [
  {
    reason: "fauxqs 2.4.1 refuses messages with characters beyond U+FFFF",
    cases: ["delivers characters beyond U+FFFF, unchanged"],
  },
];
