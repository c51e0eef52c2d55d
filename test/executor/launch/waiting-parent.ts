/** A parent to be killed: has children that wait for a job, prints that they do, waits. */
import { setTimeout as sleep } from "node:timers/promises";
import { childRunner } from "../../../executor/launch/runner.ts";

const [scratch = ""] = process.argv.slice(2);
const limits = { heapBytesMax: 256 * 2 ** 20, rssBytesMax: 400 * 2 ** 20 };
const runner = childRunner({ scratch, ahead: { slots: 2, limits } });
while ((await runner.ready(2, new AbortController().signal)) < 2) await sleep(50);
console.log("waiting");
setInterval(() => undefined, 1_000);
