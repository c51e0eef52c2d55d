/**
 * Makes the places that the settings name, where they are absent: buckets of the store and of the web store, queues, folders.
 * Buckets and folders of datasets are never made: they hold the user's data, and an empty one would only hide a slip in a name.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { parseS3Place } from "../../shared/aws/keys.ts";
import { failed, type Made } from "../../shared/aws/made.ts";
import type { BucketWish } from "../../shared/aws/make-bucket.ts";
import { isSqsPlace } from "../../shared/aws/sqs/place.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { normalisePlace, placesOverlap } from "../../shared/dataset/place.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { translated } from "../../shared/local/system-errors.ts";
import { folderOf, isFolder } from "../compose/ports.ts";

export interface CreateOptions {
  /** Anybody may read what is published. */
  readonly publicWeb: boolean;
}

/** Throws `usage` for what is asked for and cannot be done, before anything is made. `data`: a dataset's place that is new. */
export function checkCreation(
  { store, web, queue, webKmsKeyId, datasets, folder }: Settings,
  { publicWeb }: CreateOptions,
  data?: string,
): void {
  if (isSqsPlace(queue) && !queue.startsWith("sqs://")) {
    throw new SpotfoldError("usage", `The queue ${queue} is named by its URL, so it cannot be made.`, {
      hint: "Name it sqs://NAME to have NAME-jobs, NAME-ready and NAME-dead made; a queue that is there needs no --create.",
    });
  }
  if (!publicWeb) return;
  if (isFolder(web)) {
    throw new SpotfoldError("usage", "--public-web is for a web store in a bucket.", {
      hint: "Name one with --web s3://BUCKET/PREFIX; a folder is served by any web server.",
    });
  }
  if (webKmsKeyId !== undefined) {
    throw new SpotfoldError(
      "usage",
      "--public-web and webKmsKeyId exclude each other: KMS gives its keys to nobody unnamed.",
      {
        hint: "Leave webKmsKeyId out, since what anybody may read is no secret; or put CloudFront in front (docs/aws.md).",
      },
    );
  }
  const places = new Map(datasets.map(({ name, place }) => [place, `the blocks of ${name}`]));
  if (data !== undefined) places.set(normalisePlace(data, folder), "the blocks of --data");
  for (const [place, what] of [[store, "the work store"], ...places] as const) {
    if (!placesOverlap(place, web)) continue;
    throw new SpotfoldError("usage", `--public-web would let anybody read ${what}: ${place} and ${web} overlap.`, {
      hint: "Give the web store a prefix or a bucket of its own.",
    });
  }
}

/** In the order in which they are made. What is refused is told, and the others are made. */
export async function* createPlaces(settings: Settings, { publicWeb }: CreateOptions): AsyncGenerator<Made> {
  const { store, web, queue, catalog, work, aws, timing } = settings;
  for (const wish of wishes(store, web, publicWeb)) {
    const { makeBucket } = await import("../../shared/aws/make-bucket.ts");
    yield* makeBucket(wish, aws);
  }
  if (isSqsPlace(queue)) {
    const { makeQueues } = await import("../../shared/aws/sqs/make-queues.ts");
    yield* makeQueues(queue, aws, timing.leaseMs);
  }
  const files = isSqsPlace(queue) ? [catalog] : [queue, catalog];
  const folders = [...[store, web].filter(isFolder).map(folderOf), ...files.map((file) => dirname(file)), work];
  for (const folder of new Set(folders)) yield await makeFolder(folder);
}

/** One for each bucket, also where store and web store share one. */
function wishes(store: string, web: string, publicWeb: boolean): readonly BucketWish[] {
  const [storePlace, webPlace] = [store, web].map((place) => (isFolder(place) ? undefined : parseS3Place(place)));
  const wanted: BucketWish[] = [];
  if (storePlace !== undefined && storePlace.bucket !== webPlace?.bucket)
    wanted.push({ bucket: storePlace.bucket, forBrowsers: false });
  if (webPlace !== undefined) {
    const { bucket, root } = webPlace;
    wanted.push({ bucket, forBrowsers: true, ...(publicWeb ? { publicRoot: root } : {}) });
  }
  return wanted;
}

async function makeFolder(folder: string): Promise<Made> {
  const what = `folder ${folder}`;
  if (existsSync(folder)) return { what, state: "there", detail: "left as it is" };
  try {
    await mkdir(folder, { recursive: true });
    return { what, state: "made", detail: "on this machine" };
  } catch (error) {
    return failed(what, translated(error, { store: `file:${folder}`, path: folder }));
  }
}
