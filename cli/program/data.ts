/** Commands about blocks, and those about all there is: `init` and `doctor`. */
import type { Command } from "commander";
import { command, dataFlags, storeFlags, type Act } from "./flags.ts";

export function addData(program: Command, act: Act): void {
  command(program, "sample", "make a synthetic telemetry dataset of any size, with its own definitions", [
    "spotfold sample --out ./sample",
    "spotfold sample --out ./sample --mb 1000 --blocks 40 --codecs zst,lzma",
  ])
    .option("--out <folder>", "the folder to make")
    .option("--mb <n>", "how large, decoded, in million bytes (default: 200)")
    .option("--blocks <n>", "how many blocks (default: 60)")
    .option("--seed <n>", "the same seed gives the same bytes (default: 1)")
    .option("--codecs <list>", "lzma, xz, gz, zst, plain, with commas between them (default: lzma,xz,gz,zst)")
    .option("--json", "print one JSON object")
    .action(
      async (options: object) =>
        await act(async (io) => await (await import("../commands/sample.ts")).sample(options, io)),
    );

  const catalog = program.command("catalog").description("what is known of a dataset's blocks: sync, list, stats");
  const json = "print JSON";
  const sync = command(catalog, "sync", "list a dataset's place into the catalog", [
    "spotfold catalog sync --data ./pings",
    "spotfold catalog sync --data pings --last 3d --full",
  ]).option("--full", "list all of it, although the last full listing is recent");
  storeFlags(dataFlags(sync).option("--json", json)).action(
    async (options: object) =>
      await act(async (io) => await (await import("../commands/catalog.ts")).catalogSync(options, io)),
  );
  const list = command(catalog, "list", "print the blocks that a filter selects", [
    "spotfold catalog list --data ./pings --where appUpdateChannel=nightly",
  ]);
  storeFlags(dataFlags(list).option("--json", json)).action(
    async (options: object) =>
      await act(async (io) => await (await import("../commands/catalog.ts")).catalogList(options, io)),
  );
  const stats = command(catalog, "stats", "count blocks and bytes by the values of each dimension", [
    "spotfold catalog stats --data ./pings",
  ]);
  storeFlags(dataFlags(stats).option("--json", json)).action(
    async (options: object) =>
      await act(async (io) => await (await import("../commands/catalog.ts")).catalogStatistics(options, io)),
  );

  const init = command(program, "init", "write a commented spotfold.config.json here; --create makes what it names", [
    "spotfold init",
    "spotfold init --create --store s3://my-runs/spotfold --web s3://my-site/spotfold --queue sqs://spotfold",
    "spotfold init --data s3://my-logs/web --dataset web --layout 'dt={date:yyyy-MM-dd}/'",
  ])
    .option(
      "--create",
      "make the buckets, queues and folders that are named, where absent; also for a file that is there",
    )
    .option(
      "--public-web",
      "with --create: anybody in the world may read what is published below the web store's prefix (default: nobody but your account)",
    )
    .option("--data <place>", "the first dataset: a folder of blocks, or s3://bucket/prefix; never made, only read")
    .option("--dataset <name>", "what it is called (default: by its place)")
    .option("--layout <layout>", "how its keys are laid out: telemetry (default), or a pattern")
    .option("--records <format>", "telemetry, ndjson or text (default: by the layout)");
  storeFlags(init.option("--json", json)).action(
    async (options: object) => await act(async (io) => await (await import("../commands/init.ts")).init(options, io)),
  );

  const doctor = command(program, "doctor", "try whatever a run needs here, and say what is wrong", [
    "spotfold doctor",
  ]);
  storeFlags(doctor.option("--json", json)).action(
    async (options: object) =>
      await act(async (io) => await (await import("../commands/doctor.ts")).doctor(options, io)),
  );
}
