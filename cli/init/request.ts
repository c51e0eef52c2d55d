/** From the flags of `init` to what is written, checked as settings are: a file that is written is one that can be read. */
import { readDatasets } from "../../shared/config/datasets.ts";
import { throwProblems, type Problem } from "../../shared/config/problems.ts";
import { isNewBucketName, parseS3Place } from "../../shared/aws/keys.ts";
import type { Settings } from "../../shared/config/settings.ts";
import { checkDatasets, datasetFromPlace, isPlace } from "../../shared/dataset/place.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { isFolder } from "../compose/ports.ts";
import type { StoreOptions } from "../compose/settings.ts";
import type { NewConfig, NewDataset } from "./config-text.ts";

export interface FirstDataset {
  readonly data?: string;
  readonly dataset?: string;
  readonly layout?: string;
  readonly records?: string;
}

const placeNames = ["store", "queue", "catalog", "web", "work"] as const satisfies readonly (keyof StoreOptions)[];

/** Fields of those flags that were given. */
export function givenNames(options: StoreOptions): readonly (typeof placeNames)[number][] {
  return placeNames.filter((name) => options[name] !== undefined);
}

/** By the names of their fields, as they were given. */
function givenPlaces(options: StoreOptions): Readonly<Record<string, string>> {
  return Object.fromEntries(givenNames(options).map((name) => [name, options[name] ?? ""]));
}

/** `settings`: what the flags and variables alone give. Throws `usage` and `invalid-config`. */
export function newConfig(options: StoreOptions & FirstDataset, settings: Settings): NewConfig {
  const given = givenPlaces(options);
  checkBuckets(settings);
  const dataset = firstDataset(options, settings);
  return { given, ...(dataset === undefined ? {} : { dataset }) };
}

/** A name that no bucket can have would stand in the file, and be found out only when the bucket is made. */
function checkBuckets({ store, web }: Settings): void {
  for (const [what, place] of [
    ["store", store],
    ["web store", web],
  ] as const) {
    if (isFolder(place)) continue;
    const { bucket } = parseS3Place(place);
    if (isNewBucketName(bucket)) continue;
    throw new SpotfoldError(
      "usage",
      `The ${what} ${place} names no bucket: S3 does not take ${JSON.stringify(bucket)}.`,
      {
        hint: "A bucket's name has 3 to 63 of a-z, 0-9, . and -, with a letter or digit at both ends. One that is older than this rule is written into the file by hand.",
      },
    );
  }
}

function firstDataset(options: FirstDataset, { folder }: Settings): NewDataset | undefined {
  const { data, dataset, layout, records } = options;
  if (data === undefined) {
    const alone = Object.entries({ dataset, layout, records }).find(([, value]) => value !== undefined);
    if (alone === undefined) return undefined;
    throw new SpotfoldError("usage", `--${alone[0]} is about a dataset, and --data is missing`, {
      hint: "Name the place of its blocks: --data s3://BUCKET/PREFIX, or a folder.",
    });
  }
  if (!isPlace(data)) {
    throw new SpotfoldError("usage", `--data ${data} is no place`, {
      hint: `Name a folder (./${data}) or s3://BUCKET/PREFIX, and what it is to be called with --dataset.`,
    });
  }
  const name = dataset ?? datasetFromPlace(data, folder, layout, records).name;
  const rest = { ...(layout === undefined ? {} : { layout }), ...(records === undefined ? {} : { records }) };
  const problems: Problem[] = [];
  checkDatasets(readDatasets({ [name]: { place: data, ...rest } }, "flags", folder, problems));
  throwProblems(problems);
  return { name, place: data, ...rest };
}
