/**
 * Why somebody would set a setting, one line each, for the file that `spotfold init` writes. Names, defaults and rules come
 * from shared/config; a setting that has no line here is written with its default alone.
 */

export const explanations: Readonly<Record<string, string>> = {
  store: "Runs, attempts and aggregates. Of this machine: a folder; of several: s3://BUCKET/PREFIX.",
  queue:
    "Hints about jobs. Of this machine: a file; of several: sqs://NAME, the queues NAME-jobs, NAME-ready and NAME-dead.",
  web: "What is published: a folder for any static server, or s3://BUCKET/PREFIX.",
  catalog: "What is known of the datasets' blocks: a file on this machine. Losing it costs a listing.",
  work: "Scratch files and caches: a folder on this machine, on a disk that is fast.",
  storeKmsKeyId:
    "Encrypt what is written to the store's bucket with this key of KMS; without it the bucket's default holds.",
  webKmsKeyId: "The same for the web store. Whoever reads it needs kms:Decrypt, so it cannot be public.",
  slots: "Jobs at once in one worker. Here it has as many as there are cores: a slot keeps one busy.",
  recentDays: "A later sync of a bucket looks only at so many days; more if your blocks come late.",
  queueBatchBytes: "All messages of one batch. SQS takes 1048576 since 2025; other servers may not.",
  metricsPort:
    "Daemons answer /healthz and /metrics on 127.0.0.1 at this port; 0 takes any that is free, told in the log.",
  "limits.executorHeapBytes": "What an analysis may keep in memory; raise it when blocks are missing as out of memory.",
  "limits.executorRssBytes": "The same with buffers; more than the heap. Every slot may need so much.",
  "limits.checkpointStateBytes":
    "State that is drained to disk; at most half of the heap. Larger: fewer, longer sorted runs.",
  "timing.scale": "Multiplies all times below; less than 1 is for trying things out.",
  "timing.leaseMs": "A job of a dead worker comes back after this at the latest.",
  "timing.heartbeatMs": "Leases are extended so often: less than a third of a lease, so that two beats may be lost.",
  "timing.stallMs":
    "An analysis that takes no byte for so long is stuck. Raise it for one that computes much for a record.",
  "timing.attemptMs": "An attempt in all, whatever its progress.",
  "timing.publishMs":
    "What is published while a run goes on is renewed so often; each time costs requests and rendering.",
  "timing.resendMs": "The queue was empty in two looks so far apart: jobs that are not done are sent again.",
  "timing.runDeadlineMs": "An open run is closed after this, with what it has; the clock stops while it is held.",
  "timing.heldMs": "run and submit --wait give up when access, disk or network held the run for so long.",
  "timing.drainMs": "A daemon that was asked to end is aborted after this; a spot notice gives 120000.",
};

/** Of settings that have no default, to be shown. */
export const examples: Readonly<Record<string, string>> = {
  storeKmsKeyId: "alias/NAME",
  webKmsKeyId: "alias/NAME",
};
