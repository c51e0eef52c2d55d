/** The daemons. */
import { Option, type Command } from "commander";
import { command, storeFlags, wholeNumber, type Act } from "./flags.ts";

const metricsPortText = "/healthz and /metrics on this machine (default: any port that is free, told in the log)";

export function addDaemons(program: Command, act: Act): void {
  const master = command(program, "master", "move runs forward until stopped: admit, send, fold, publish, collect", [
    "spotfold master",
    "spotfold master --once",
    "spotfold master --http 8082",
  ])
    .option("--once", "do every due thing, and end")
    .option("--metrics-port <n>", metricsPortText)
    .option("--http <address>", "the status page, /healthz and /metrics on this [host:]port")
    .option("--token-file <file>", "with --http: whoever looks has to know what its first line says")
    .option("--allow-actions", "with --http: the page may submit, retry and cancel runs");
  storeFlags(master).action(
    async (options: object) =>
      await act(async (io) => await (await import("../commands/master.ts")).master(options, io)),
  );

  const worker = command(program, "worker", "lease jobs and execute them until stopped", [
    "spotfold worker",
    "spotfold worker --slots 2 --once",
  ])
    .option("--slots <n>", "how many jobs run at once (default: one for each core)", wholeNumber)
    .option("--once", "do what there is to do, and end")
    .option("--metrics-port <n>", metricsPortText)
    .addOption(new Option("--attached", "belongs to the process that started it").hideHelp());
  storeFlags(worker).action(
    async (options: object) =>
      await act(async (io) => await (await import("../commands/worker.ts")).worker(options, io)),
  );
}
