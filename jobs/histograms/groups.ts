/**
 * Where pings belong:
 *
 *   group   what a block's key says (channel, version, build, ...); constant within a block
 *   view    group + filter path + revision: one map from measure to its cells
 *
 * Looking up changes nothing that can be seen, and may throw `InvalidRecord`; a group counts from `enter` on.
 */
import { InvalidRecord } from "../analysis.ts";
import { NameTable, hashOf } from "../../shared/records/name-table.ts";
import { encodeKey } from "../../shared/segment/key.ts";
import type { BlockDimensions } from "./block-dimensions.ts";
import { blockDimensions, sameBlock } from "./block-dimensions.ts";
import type { Cell } from "./cells.ts";
import type { DefinitionTable, Definitions } from "./definitions.ts";
import type { FilterPath } from "./keys.ts";
import type { Origin } from "./ping.ts";
import { readOrigin } from "./ping.ts";
import type { PingScan } from "./ping-scan.ts";

/** Of a view's objects and strings, about. */
const VIEW_BYTES = 1500;
/** Ways of writing an origin that a group remembers; the others are looked up by what they say. */
const WRITTEN_MAX = 4096;

const NO_CELLS = new Int32Array();

export interface Group {
  readonly dimensions: BlockDimensions;
  /** Dates as they stand in keys. */
  readonly buildDateText: string;
  readonly submissionDateText: string;
  readonly counters: Map<string, number>;
  readonly views: Map<string, View>;
  /** Origins as they are written in pings, and the view of each. */
  readonly written: NameTable;
  readonly writtenViews: View[];
}

export interface View {
  readonly path: FilterPath;
  /** The path as it stands in keys; made when it is needed. */
  pathText: string | undefined;
  readonly revision: string;
  readonly table: DefinitionTable | undefined;
  /** The first cell of each measure. */
  readonly histograms: Map<string, Cell>;
  readonly simple: Map<string, Cell>;
  /** The same by the scan's numbers of names, as far as it has met them here; `NO_CELL` for the others. */
  histogramCells: Int32Array;
  simpleCells: Int32Array;
  /** With at least one measure. */
  pings: number;
}

export class Groups {
  readonly #definitions: Definitions;
  #groups: Group[] = [];
  /** The one that was asked for last: blocks come one after the other. */
  #last: Group | undefined;
  #entered = new Set<Group>();
  #bytes = 0;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** Memory, about, without that of cells. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws `InvalidRecord` when the key's dimensions are no good. */
  of(dimensions: Readonly<Record<string, string>>): Group {
    if (this.#last !== undefined && sameBlock(this.#last.dimensions, dimensions)) return this.#last;
    const checked = blockDimensions(dimensions);
    const known = this.#groups.find((other) => sameBlock(other.dimensions, checked.raw));
    this.#last = known ?? {
      dimensions: checked,
      buildDateText: encodeKey([checked.buildDate]),
      submissionDateText: encodeKey([checked.submissionDate]),
      counters: new Map(),
      views: new Map(),
      written: new NameTable(),
      writtenViews: [],
    };
    return this.#last;
  }

  /** The group has a ping. */
  enter(group: Group): void {
    if (this.#entered.has(group)) return;
    this.#entered.add(group);
    this.#groups.push(group);
    this.#bytes += VIEW_BYTES;
  }

  /** Throws when the file with the revision's definitions is damaged. */
  view(group: Group, origin: Origin): View {
    const { os, osVersion, arch, revision } = origin;
    const id = `${os.length},${osVersion.length},${arch.length},${os}${osVersion}${arch}${revision}`;
    const known = group.views.get(id);
    if (known !== undefined) return known;
    const { reason, appName } = group.dimensions;
    const view: View = {
      path: [reason, appName, os, osVersion, arch],
      pathText: undefined,
      revision,
      table: this.#definitions.forRevision(revision),
      histograms: new Map(),
      simple: new Map(),
      histogramCells: NO_CELLS,
      simpleCells: NO_CELLS,
      pings: 0,
    };
    group.views.set(id, view);
    this.#bytes += VIEW_BYTES;
    return view;
  }

  /** The view of the ping that was scanned; undefined when the plain way is to say what is wrong with it. */
  scannedView(group: Group, scan: PingScan): View | undefined {
    const { identity, identityEnd } = scan;
    const hash = hashOf(identity, 0, identityEnd);
    const number = group.written.find(identity, 0, identityEnd, hash);
    if (number >= 0) return group.writtenViews[number];
    let origin: Origin;
    try {
      origin = readOrigin(JSON.parse(scan.identityJson()));
    } catch (error) {
      if (error instanceof InvalidRecord) return undefined;
      throw error;
    }
    const view = this.view(group, origin);
    if (group.written.size < WRITTEN_MAX) {
      const added = group.written.add(identity, 0, identityEnd, hash);
      if (added >= 0) group.writtenViews[added] = view;
    }
    return view;
  }

  /** All groups that have pings; nothing is there afterwards. */
  take(): readonly Group[] {
    const groups = this.#groups;
    this.#groups = [];
    this.#entered = new Set();
    this.#last = undefined;
    this.#bytes = 0;
    return groups;
  }
}
