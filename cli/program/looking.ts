/** Commands that look at runs and what came out of them, and `cancel`. */
import { Option, type Command } from "commander";
import { command, repeated, storeFlags, type Act } from "./flags.ts";

export function addLooking(program: Command, act: Act): void {
  const status = command(program, "status", "what is going on, and why something is not", [
    "spotfold status",
    "spotfold status dashboard --watch",
  ])
    .argument("[name]", "a run or an aggregate (default: all)")
    .option("--watch", "look again every second")
    .option("--json", "print one JSON object");
  storeFlags(status).action(
    async (name: string | undefined, options: object) =>
      await act(async (io) => await (await import("../commands/status.ts")).status(name, options, io)),
  );

  const results = command(program, "results", "print keys and values of an aggregate, in key order", [
    "spotfold results os-distribution-1a2b3c4d",
    "spotfold results dashboard --format csv --prefix nightly,28",
  ])
    .argument("<name>", "an aggregate, or a run that folds into it")
    .addOption(new Option("--format <format>", "how lines look").choices(["ndjson", "csv"]).default("ndjson"))
    .option("--prefix <values>", "only keys whose first columns are these, with commas between them");
  storeFlags(results).action(
    async (name: string, options: object) =>
      await act(async (io) => await (await import("../commands/results.ts")).results(name, options, io)),
  );

  const bundles = command(
    program,
    "bundles",
    "analyses that the store has: submit runs them again without their source",
    ["spotfold bundles"],
  ).option("--json", "print one JSON object");
  storeFlags(bundles).action(
    async (options: object) =>
      await act(async (io) => await (await import("../commands/bundles.ts")).bundles(options, io)),
  );

  const logs = command(program, "logs", "how attempts ended, and what they rejected and printed", [
    "spotfold logs 20260101-120000-0a1b2c3d",
    "spotfold logs 20260101-120000-0a1b2c3d.0123456789ab/000003",
  ]).argument("<name>", "a run, or a job as <plan>/<job>");
  storeFlags(logs).action(
    async (name: string, options: object) =>
      await act(async (io) => await (await import("../commands/logs.ts")).logs(name, options, io)),
  );

  const cancel = command(program, "cancel", "end a run; what it has covered is kept", [
    "spotfold cancel 20260101-120000-0a1b2c3d",
  ])
    .argument("<run>", "the run")
    .option("--json", "print one JSON object");
  storeFlags(cancel).action(
    async (run: string, options: object) =>
      await act(async (io) => await (await import("../commands/cancel.ts")).cancel(run, options, io)),
  );

  const serve = command(program, "serve", "serve published files, or the status page, on this machine", [
    "spotfold serve ./site",
    "spotfold serve dashboard --port 8081",
    "spotfold serve --status --port 8082",
  ])
    .argument("[target]", "a folder, or an aggregate's name (default: all that is published in the web store)")
    .option("--port <n>", "where to listen; 0 takes any that is free (default: 8080)")
    .option("--host <address>", "which address to listen on (default: 127.0.0.1, this machine alone)")
    .option("--allow-frames <origin>", "pages of that origin may embed figures; may be repeated", repeated)
    .option("--status", "serve the page that shows what goes on, and no published files")
    .option("--token-file <file>", "with --status: whoever looks has to know what its first line says")
    .option("--allow-actions", "with --status: the page may submit, retry and cancel runs");
  storeFlags(serve).action(
    async (target: string | undefined, options: object) =>
      await act(async (io) => await (await import("../commands/serve.ts")).serve(target, options, io)),
  );
}
