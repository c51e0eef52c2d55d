/** The program of the second process that probes a folder store: `node rival-entry.ts FOLDER`, forked by rival.ts. */
import { runRival } from "./rival.ts";

await runRival(process.argv[2] ?? "");
