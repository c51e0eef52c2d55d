/**
 * Checks of what is written to: store, web store, queue, catalog. One that is there is used as it is, below names that nobody
 * else has; of one that is not there yet, the like is made beside where it will be. Afterwards nothing of it is left.
 */
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Catalog } from "../../shared/catalog/catalog.ts";
import { catalogFormat } from "../../shared/catalog/schema.ts";
import { systemClock, systemRandom } from "../../shared/clock.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { codeOf, SpotfoldError } from "../../shared/errors.ts";
import { translated } from "../../shared/local/system-errors.ts";
import { hiddenName } from "../../shared/local/folder-store/places.ts";
import { startFolderRival } from "../../shared/local/folder-store/rival.ts";
import { FolderBlobStore } from "../../shared/local/folder-store/store.ts";
import { SqliteJobQueue } from "../../shared/local/sqlite-queue/queue.ts";
import type { EntryResult, JobQueue } from "../../shared/ports/job-queue.ts";
import { probeStore } from "../../shared/store-probe.ts";
import { isSqsPlace } from "../../shared/aws/sqs/place.ts";
import { folderOf, isFolder } from "../compose/ports.ts";
import { counted } from "../report/lines.ts";
import { blobSteps } from "./blobs.ts";
import { wrong, type Check } from "./check.ts";
import { checkDead, checkSqs, checkStoreBucket, checkWebBucket, termsOf } from "./remote.ts";
import type { LookAtBucket } from "./looks.ts";
import { withScratch } from "./scratch.ts";
import { tryEach } from "./tried.ts";

export function storeChecks(settings: Settings, look: LookAtBucket): readonly Check[] {
  const { store, web, queue, catalog } = settings;
  const checks: Check[] = [
    {
      name: "store",
      run: async () => await (isFolder(store) ? checkStore(folderOf(store)) : checkStoreBucket(settings)),
    },
    { name: "web", run: async () => await (isFolder(web) ? checkStore(folderOf(web)) : checkWebBucket(settings)) },
    { name: "queue", run: async () => await (isSqsPlace(queue) ? checkSqs(settings) : checkQueue(queue)) },
    { name: "catalog", run: async () => await checkCatalog(catalog) },
  ];
  if (isSqsPlace(queue)) checks.push({ name: "dead", run: async () => await checkDead(settings) });
  for (const place of new Set([store, web].filter((place) => !isFolder(place))))
    checks.push({ name: "bucket", run: async () => termsOf(await look(place), place === web) });
  return checks;
}

async function checkStore(folder: string): Promise<string> {
  // A store's hidden area is left where it was; where there was none, none is made.
  if (existsSync(join(folder, hiddenName))) {
    await tryStore(folder);
    return `file:${folder}`;
  }
  await withScratch(folder, tryStore);
  return `file:${folder}${existsSync(folder) ? "" : " (not there yet)"}`;
}

async function tryStore(path: string): Promise<void> {
  const store = await FolderBlobStore.open(path);
  try {
    await probeStore(store, { random: systemRandom, startRival: async () => await startFolderRival(store.path) });
    await tryEach(`file:${path}`, blobSteps(store, lookAt));
  } finally {
    await store.close();
  }
}

async function checkQueue(file: string): Promise<string> {
  await withScratch(dirname(file), async (scratch) => {
    const queue = await openQueue(join(scratch, "queue.db"), `doctor-${systemRandom.hex(8)}`);
    try {
      await tryQueue(queue);
    } finally {
      await queue.close();
    }
  });
  if (!existsSync(file)) return `${file} (not there yet)`;
  const queue = await openQueue(file, "jobs");
  try {
    const { visible, leased, delayed } = await queue.counts();
    return `${file}: ${counted(visible + leased + delayed, "job")}`;
  } finally {
    await queue.close();
  }
}

async function openQueue(file: string, name: string): Promise<JobQueue> {
  return await SqliteJobQueue.open(file, { name, clock: systemClock, random: systemRandom });
}

const lookAt = "Put the folder on a local disk.";

/** Long enough for the slowest disk, and nobody else takes this message. */
const leaseMs = 60_000;

async function tryQueue(queue: JobQueue): Promise<void> {
  const done = (what: string, results: readonly EntryResult[]): void => {
    const failed = results.find((result) => !result.ok);
    if (failed !== undefined && !failed.ok) throw wrong(`${queue.name} does not ${what}: ${failed.reason}`, lookAt);
  };
  done("send", await queue.send([{ body: "doctor" }]));
  const [lease] = await queue.lease(1, { leaseMs, waitMs: 0 });
  if (lease?.body !== "doctor") throw wrong(`${queue.name} does not give out what was sent`, lookAt);
  done("extend a lease", await queue.extend([{ handle: lease.handle, leaseMs }]));
  done("acknowledge", await queue.acknowledge([lease.handle]));
  const { visible, leased } = await queue.counts();
  if (visible + leased > 0) throw wrong(`${queue.name} keeps what was acknowledged`, lookAt);
}

async function checkCatalog(file: string): Promise<string> {
  await withScratch(dirname(file), async (scratch) => {
    await readCatalog(join(scratch, "catalog.db"));
  });
  const header = await whoseFile(file);
  if (header === undefined) return `${file} (not there yet)`;
  if (header === "other") {
    throw new SpotfoldError("invalid-format", `${file} is a database of another program`, {
      hint: "Name another file, or move this one away.",
    });
  }
  // Opening it would put it aside; that is for a command that goes on with it.
  if (header === "unusable") return `${file} (damaged or of another version: the next command begins it anew)`;
  return `${file}: ${counted(await readCatalog(file), "dataset")}`;
}

async function readCatalog(file: string): Promise<number> {
  const catalog = await Catalog.open(file, { clock: systemClock, random: systemRandom });
  try {
    return catalog.datasets().length;
  } finally {
    catalog.close();
  }
}

/** https://sqlite.org/fileformat.html */
const sqliteHeader = { bytes: 100, magic: "SQLite format 3\0", versionAt: 60, applicationAt: 68 } as const;
/** Another process that ends the log, or recovers it after a crash, needs milliseconds. */
const busyMs = 5_000;

/** Undefined when there is no file. */
async function whoseFile(file: string): Promise<"ours" | "other" | "unusable" | undefined> {
  const header = await headerOf(file);
  if (header === undefined) return undefined;
  if (header.length === 0) return "ours";
  if (header.length < sqliteHeader.bytes || !header.toString("latin1").startsWith(sqliteHeader.magic))
    return "unusable";
  const { applicationId, version } = numbersOf(file, header);
  if (applicationId !== catalogFormat.applicationId) return "other";
  return version === catalogFormat.version ? "ours" : "unusable";
}

async function headerOf(file: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(file, "r+");
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(sqliteHeader.bytes), 0, sqliteHeader.bytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw translated(error, { store: `file:${file}`, path: file });
  }
}

interface FormatNumbers {
  readonly applicationId: number;
  readonly version: number;
}

/**
 * As they are in the file's header, unless there is a log: while somebody has the file open they may stand in that alone, so
 * SQLite is asked. Without a log it is not, since it would leave one. What it cannot open is judged by the header.
 */
function numbersOf(file: string, header: Buffer): FormatNumbers {
  const inHeader = {
    applicationId: header.readUInt32BE(sqliteHeader.applicationAt),
    version: header.readUInt32BE(sqliteHeader.versionAt),
  };
  if (!existsSync(`${file}-wal`)) return inHeader;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: busyMs });
    const { application_id: applicationId } = db.prepare("PRAGMA application_id").get() ?? {};
    const { user_version: version } = db.prepare("PRAGMA user_version").get() ?? {};
    return { applicationId: Number(applicationId), version: Number(version) };
  } catch {
    return inHeader;
  } finally {
    db?.close();
  }
}
