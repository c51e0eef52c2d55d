/** Checks of the machine: Node, platform, codecs, clock, disk space. */
import { stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { codecs, decodeWhole } from "../../shared/codecs/index.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { isSqsPlace } from "../../shared/aws/sqs/place.ts";
import { folderOf, isFolder } from "../compose/ports.ts";
import { sizeText } from "../report/lines.ts";
import { wrong, type Check } from "./check.ts";
import { nearestEntry, withScratch } from "./scratch.ts";

/** As bin/spotfold.cjs has it: what @napi-rs/lzma asks for. */
const nodeMin = [24, 12] as const;
const platforms = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
/** No clock that is right shows a time before this code was written, or one that nobody who wrote it will see. */
const clockMin = Date.UTC(2026, 0, 1);
const clockMax = Date.UTC(2100, 0, 1);
/** Of a file's time from ours: disks of another machine may lag, certificates and dates must not. */
const clockSkewMsMax = 60_000;
const clockWatchMs = 50;
/** A clock that is being stepped, not slewed, while we look. */
const clockDriftMsMax = 1_000;
/** Room for the blocks, checkpoints and segments that one job has in hand. */
const freeBytesMin = 512 * 1_048_576;

export function machineChecks(): readonly Check[] {
  return [
    { name: "node", run: checkNode },
    { name: "platform", run: checkPlatform },
    { name: "codecs", run: checkCodecs },
    { name: "clock", run: checkClock },
  ];
}

/** Those that need to know where things lie. */
export function placeChecks(settings: Settings): readonly Check[] {
  return [
    { name: "disk", run: async () => await checkDisk(settings) },
    { name: "work", run: async () => await checkWork(settings) },
  ];
}

async function checkNode(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])) return process.versions.node;
  throw wrong(`${process.versions.node} is too old`, `Use Node ${nodeMin.join(".")} or newer: https://nodejs.org.`);
}

async function checkPlatform(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  if (platforms.includes(platform)) return platform;
  throw wrong(`${platform} is not one that Spotfold is made for`, `Use one of ${platforms.join(", ")}.`);
}

/** Writes and reads a text in each; loads what is native here and nowhere else. */
async function checkCodecs(): Promise<string> {
  const { encodeWhole } = await import("../../shared/codecs/encode.ts");
  const text = Buffer.from("a line of text\n".repeat(1_000));
  for (const { name, suffix } of codecs) {
    const key = `doctor${suffix}`;
    const pieces = [...decodeWhole(key, encodeWhole(key, text))];
    if (!Buffer.concat(pieces).equals(text))
      throw wrong(`${name} does not give back what was written`, "Install again.");
  }
  return codecs.map(({ name }) => name).join(", ");
}

async function checkClock(): Promise<string> {
  const before = { wall: Date.now(), steady: performance.now() };
  const now = new Date(before.wall).toISOString();
  if (before.wall < clockMin || before.wall > clockMax) throw wrong(`It says ${now}`, "Set the clock of this machine.");
  await sleep(clockWatchMs);
  const drift = Date.now() - before.wall - (performance.now() - before.steady);
  if (Math.abs(drift) > clockDriftMsMax) {
    throw wrong(
      `It jumped by ${Math.round(drift)} ms while we looked`,
      "Let the clock be slewed, not stepped (chrony, systemd-timesyncd).",
    );
  }
  return now;
}

/** The folder for scratch files, and whether its disk goes by our clock. */
async function checkWork({ work }: Settings): Promise<string> {
  const skew = await withScratch(work, async (scratch) => {
    const file = join(scratch, "clock");
    await writeFile(file, "");
    return (await stat(file)).mtimeMs - Date.now();
  });
  if (Math.abs(skew) <= clockSkewMsMax) return work;
  throw wrong(
    `The disk of ${work} is ${Math.round(skew / 1000)} s ahead of our clock`,
    "Set the clocks of both machines.",
  );
}

async function checkDisk(settings: Settings): Promise<string> {
  const { store, web, queue, catalog, work } = settings;
  const folders = [
    ...new Set(
      [
        ...[store, web].filter(isFolder).map(folderOf),
        ...(isSqsPlace(queue) ? [] : [dirname(queue)]),
        dirname(catalog),
        work,
      ].map(nearestEntry),
    ),
  ];
  const devices = new Map<number, { readonly folder: string; readonly free: number }>();
  for (const folder of folders) {
    const { dev } = await stat(folder);
    const { bavail, bsize } = await statfs(folder);
    devices.set(dev, { folder, free: bavail * bsize });
  }
  const all = [...devices.values()];
  const short = all.find(({ free }) => free < freeBytesMin);
  if (short !== undefined) {
    throw new SpotfoldError("disk-full", `${sizeText(short.free)} are free at ${short.folder}`, {
      hint: `Free some space, or put store and work on a larger disk: a job needs ${sizeText(freeBytesMin)}.`,
    });
  }
  return all.map(({ folder, free }) => `${sizeText(free)} free at ${folder}`).join("; ");
}
