/** A dataset: a name, a place in a data store, a key layout, a record format. */

/** A block as the catalog knows it. Its identity is (dataset name, key); its etag is a value. */
export interface BlockRef {
  /** Relative to the dataset's place. */
  readonly key: string;
  /** Compressed bytes. */
  readonly size: number;
  readonly etag: string;
}

export interface CataloguedBlock extends BlockRef {
  /** Values of the layout's dimensions, by name. Dates are YYYYMMDD in UTC. */
  readonly dimensions: Readonly<Record<string, string>>;
}

/** As configured, and as stored in run.json. */
export interface DatasetSpec {
  /** `[a-z0-9][a-z0-9-]{0,62}`. */
  readonly name: string;
  /** `file:/absolute/folder` or `s3://bucket/prefix`. */
  readonly place: string;
  /** `telemetry`, or a pattern such as `dt={date:yyyy-MM-dd}/`. */
  readonly layout: string;
  /** Name of the record format: `telemetry`, `ndjson`, `text`. */
  readonly records: string;
  /** Whoever reads the bucket pays for its requests and transfer, and says so in each. Absent: the bucket's owner does. */
  readonly requesterPays?: true;
  /**
   * SSE-KMS with this key (id, ARN or alias) for what Spotfold writes there. Absent: the bucket's default. Reading says nothing
   * of keys, so in a run, whose blocks are only read, it changes nothing.
   */
  readonly kmsKeyId?: string;
}

/** What one dimension may be. Values are compared as strings; bounds are inclusive. */
export type Allowed = "*" | readonly string[] | { readonly min?: string; readonly max?: string };

/** Allowed values by dimension; a dimension that is not named allows anything. */
export type Filter = Readonly<Record<string, Allowed>>;
