/**
 * A published aggregate: what the original's telemetry.js gave its page, with promises and types, for any analysis that publishes
 * a `site.json`.
 *
 *   openSite --coverage.json, pointer--> Site --version--> description (site.json) --measure, dates--> Evolution --range--> Distribution
 *
 * A Site is one state of the pointer: its units fit together. `refresh` gives the newest.
 */
import { coverageFileName, parseCoverage, type Coverage } from "./coverage.ts";
import { Evolution, parseRows } from "./evolution.ts";
import { Files, type Fetch } from "./files.ts";
import { FilterTree } from "./filter-tree.ts";
import type { Measure } from "./measure.ts";
import { isOfSnapshot, parsePointer } from "./pointer.ts";
import { SiteFault } from "./site-fault.ts";
import { parseSite, siteFileName, type SiteDescription } from "./site-description.ts";

export interface SiteOptions {
  /** Default: the platform's own. */
  readonly fetch?: Fetch;
}

/** A version whose `site.json` cannot be read. */
export interface BrokenVersion {
  readonly version: string;
  readonly fault: SiteFault;
}

interface Described {
  /** The newest one that can be read; null where nothing is published. */
  readonly newest: string | null;
  readonly description: SiteDescription | null;
  readonly broken: readonly BrokenVersion[];
}

/** Versions that are tried for one that can be read: where so many are broken, the next one is, too. */
const triedMax = 8;

export class Site {
  readonly coverage: Coverage;
  /** Of `newest`: what is the same for all that one analysis publishes. Null where nothing is published. */
  readonly description: SiteDescription | null;
  /** Which version most people look for, the one with the greatest number in its last part, of those that can be read; null without any. */
  readonly newest: string | null;
  /** Versions that would be `newest` and cannot be read; others may be broken, too, and say so when they are read. */
  readonly broken: readonly BrokenVersion[];
  /**
   * Whether `coverage` is of the publication whose numbers there are, as far as it can be known. The pointer is swapped first and
   * coverage right after, so that between the two it is not.
   */
  readonly isOfOne: boolean;
  readonly #files: Files;
  readonly #folders: ReadonlyMap<string, string>;

  private constructor(
    files: Files,
    coverage: Coverage,
    isOfOne: boolean,
    folders: ReadonlyMap<string, string>,
    described: Described,
  ) {
    this.#files = files;
    this.coverage = coverage;
    this.isOfOne = isOfOne;
    this.#folders = folders;
    this.description = described.description;
    this.newest = described.newest;
    this.broken = described.broken;
  }

  static async load(files: Files): Promise<Site> {
    const first = parseCoverage(await files.newest(coverageFileName));
    const json = await files.newest(first.pointer);
    const folders = parsePointer(first.pointer, json);
    const fits = ({ snapshot }: Coverage): boolean => isOfSnapshot(json, folders, snapshot);
    // Published in between: coverage follows its pointer.
    const coverage = fits(first) ? first : parseCoverage(await files.newest(coverageFileName));
    return new Site(files, coverage, fits(coverage), folders, await describeNewest(files, folders));
  }

  /** The newest state. Folders that are still named are not read again. */
  async refresh(): Promise<Site> {
    return await Site.load(this.#files);
  }

  /** Labels of units, such as `nightly/28`; numbers in them are in order of number. One, "", where the aggregate is one unit. */
  get versions(): string[] {
    return inOrder(this.#folders.keys());
  }

  /** The folder of a unit: while it is the same, so are all its numbers. Throws a RangeError for a label that is not there. */
  folderOf(version: string): string {
    const folder = this.#folders.get(version);
    if (folder === undefined) throw new RangeError(`${JSON.stringify(version)} is not published here`);
    return folder;
  }

  /** What the unit can be shown by, and its measures. Rejects with a SiteFault. */
  async descriptionOf(version: string): Promise<SiteDescription> {
    return await describe(this.#files, this.folderOf(version));
  }

  /** In the order of the file. Rejects with a SiteFault. */
  async measures(version: string): Promise<ReadonlyMap<string, Measure>> {
    return (await this.descriptionOf(version)).measures;
  }

  /** `dates`: one of the unit's description. Rejects with a SiteFault, or a RangeError where there is no such measure. */
  async evolution(version: string, measure: string, dates: string): Promise<Evolution> {
    const description = await this.descriptionOf(version);
    const known = description.measures.get(measure);
    if (known === undefined) throw new RangeError(`there is no ${measure} in ${JSON.stringify(version)}`);
    if (!description.dates.some(({ name }) => name === dates)) throw new RangeError(`there are no dates ${dates}`);
    const folder = this.folderOf(version);
    const [file, treeFile] = [`${folder}/${measure}-by-${dates}.json`, `${folder}/filter-tree.json`];
    const [rows, treeJson] = await Promise.all([this.#files.immutable(file), this.#files.immutable(treeFile)]);
    return understood(this.#files, () => {
      const tree = new FilterTree(treeFile, treeJson);
      return new Evolution(known, parseRows(file, rows, known, tree), tree);
    });
  }
}

/** Rejects with the first SiteFault when none of the versions that are tried can be read. */
async function describeNewest(files: Files, folders: ReadonlyMap<string, string>): Promise<Described> {
  const broken: BrokenVersion[] = [];
  for (const version of newestFirst(folders.keys()).slice(0, triedMax)) {
    try {
      return { newest: version, description: await describe(files, folders.get(version) ?? ""), broken };
    } catch (error) {
      if (!(error instanceof SiteFault)) throw error;
      broken.push({ version, fault: error });
    }
  }
  const [first] = broken;
  if (first !== undefined) throw first.fault;
  return { newest: null, description: null, broken };
}

async function describe(files: Files, folder: string): Promise<SiteDescription> {
  const file = `${folder}/${siteFileName}`;
  const json = await files.immutable(file);
  return understood(files, () => parseSite(file, json));
}

/** A file that is not as it must be is not kept: it may be mended. */
function understood<Value>(files: Files, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SiteFault) files.refuse(error.file);
    throw error;
  }
}

/** Numbers in labels are in order of number. */
function inOrder(labels: Iterable<string>): string[] {
  const collator = new Intl.Collator("en", { numeric: true });
  return [...labels].toSorted((a, b) => collator.compare(a, b));
}

/** By the number in a label's last part; of equal ones in order. */
function newestFirst(labels: Iterable<string>): string[] {
  const number = (label: string): number => Number.parseFloat(label.split("/").at(-1) ?? "") || 0;
  return inOrder(labels).toSorted((a, b) => number(b) - number(a));
}

/** `base`: the address of the folder that the aggregate is published in. Rejects with a SiteFault. */
export async function openSite(base: string, { fetch = globalThis.fetch }: SiteOptions = {}): Promise<Site> {
  return await Site.load(new Files(base, async (url, init) => await fetch(url, init)));
}
