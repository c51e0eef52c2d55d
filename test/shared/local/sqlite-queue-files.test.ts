/** A queue's file that is not what it should be: foreign, damaged, on a full disk, out of reach. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock, systemRandom } from "../../../shared/clock.ts";
import { SpotfoldError } from "../../../shared/errors.ts";
import { SqliteJobQueue } from "../../../shared/local/sqlite-queue/queue.ts";
import { atEnd } from "../../support/cleanup.ts";
import { tempDir } from "../../support/temp.ts";

const options = { name: "jobs", clock: systemClock, random: systemRandom };

/** What the first version made. */
const version1 = `
  CREATE TABLE queue (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    token TEXT,
    deliveries INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX message_by_time ON message (queue, visible_at);
  CREATE TABLE body (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE clock (latest INTEGER NOT NULL) STRICT;
  INSERT INTO clock VALUES (0);
  INSERT INTO queue VALUES (1, 'jobs'), (2, 'ready');
`;

async function openQueue(file: string): Promise<SqliteJobQueue> {
  const queue = await SqliteJobQueue.open(file, options);
  atEnd(() => queue.close());
  return queue;
}

async function refusal(file: string, code: string): Promise<void> {
  await assert.rejects(openQueue(file), (error: unknown) => {
    assert.ok(error instanceof SpotfoldError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(file), error.message);
    assert.ok(error.hint !== undefined);
    return true;
  });
}

/** Catches the connection that is opened meanwhile: a limit on its file's size is a full disk to SQLite. */
async function connectionOf(open: () => Promise<SqliteJobQueue>): Promise<[SqliteJobQueue, DatabaseSync]> {
  const exec: (sql: string) => void = Reflect.get(DatabaseSync.prototype, "exec");
  const connections: DatabaseSync[] = [];
  DatabaseSync.prototype.exec = function note(this: DatabaseSync, sql: string): void {
    connections.push(this);
    exec.call(this, sql);
  };
  try {
    const queue = await open();
    const [connection] = connections;
    assert.ok(connection !== undefined);
    return [queue, connection];
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
}

describe("SqliteJobQueue's file", () => {
  it("is left alone when it is no database", async () => {
    const file = join(tempDir("queue"), "queue.db");
    const text = "my notes, not a database. ".repeat(100);
    writeFileSync(file, text);
    await refusal(file, "invalid-format");
    assert.equal(readFileSync(file, "utf8"), text);
  });

  it("is left alone when it is another program's database", async () => {
    const file = join(tempDir("queue"), "queue.db");
    const db = new DatabaseSync(file);
    db.exec("CREATE TABLE mine (a)");
    db.close();
    const before = readFileSync(file);
    await refusal(file, "invalid-format");
    assert.deepEqual(readFileSync(file), before);
  });

  it("is refused when a later version made it", async () => {
    const file = join(tempDir("queue"), "queue.db");
    await (await openQueue(file)).close();
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version = 99");
    db.close();
    await refusal(file, "invalid-format");
  });

  it("is brought up to this version when the first one made it, and lost to what is of that still", async () => {
    const file = join(tempDir("queue"), "queue.db");
    const old = new DatabaseSync(file);
    atEnd(() => old.close());
    old.exec(`PRAGMA journal_mode = WAL; PRAGMA application_id = 1399875153; PRAGMA user_version = 1; ${version1}`);
    const sent = old.prepare("INSERT INTO message (queue, visible_at, token, deliveries) VALUES (?, ?, ?, ?)");
    const body = old.prepare("INSERT INTO body VALUES (?, ?)");
    const later = Date.now() + 60_000;
    for (const [queue, visibleAt, token, text] of [
      [1, 1, null, "visible"],
      [1, 1, "0123456789abcdef", "its lease ended"],
      [1, later, "fedcba9876543210", "leased"],
      [1, later, null, "delayed"],
      [2, 1, null, "of another queue"],
    ] as const) {
      body.run(sent.run(queue, visibleAt, token, token === null ? 0 : 1).lastInsertRowid, text);
    }
    const queue = await openQueue(file);
    assert.deepEqual(await queue.counts(), { visible: 2, leased: 1, delayed: 1 });
    const leases = await queue.lease(10, { leaseMs: 60_000, waitMs: 0 });
    assert.deepEqual(leases.map((lease) => lease.body).toSorted(), ["its lease ended", "visible"]);
    await queue.acknowledge([...leases.map(({ handle }) => handle), "3-fedcba9876543210"]);
    assert.deepEqual(await queue.counts(), { visible: 0, leased: 0, delayed: 1 });
    assert.throws(() => sent.run(1, 1, null, 0), /visible_at/);
    const other = await SqliteJobQueue.open(file, { ...options, name: "ready" });
    atEnd(() => other.close());
    assert.equal((await other.lease(10, { leaseMs: 60_000, waitMs: 0 }))[0]?.body, "of another queue");
  });

  it("is refused when it is damaged", async () => {
    const file = join(tempDir("queue"), "queue.db");
    const queue = await openQueue(file);
    await queue.send(Array.from({ length: 500 }, (_, i) => ({ body: `${i}`.repeat(50) })));
    await queue.close();
    const bytes = readFileSync(file);
    // The header stays; the schema's page and all tables are noise.
    bytes.fill(0xa5, 100);
    writeFileSync(file, bytes);
    await refusal(file, "corrupt");
  });

  it("is refused where it cannot be", async () => {
    const folder = tempDir("queue");
    await refusal(folder, "invalid-format");
    writeFileSync(join(folder, "file"), "");
    await refusal(join(folder, "file", "queue.db"), "no-such-store");
    mkdirSync(join(folder, "deep"));
    await openQueue(join(folder, "deep", "er", "still", "queue.db"));
  });

  it("stores nothing half when the disk is full, and goes on when there is room", async () => {
    const file = join(tempDir("queue"), "queue.db");
    const [queue, connection] = await connectionOf(() => openQueue(file));
    await queue.send([{ body: "before" }]);
    connection.exec("PRAGMA max_page_count = 200");
    const many = Array.from({ length: 800 }, (_, i) => ({ body: `${i} ${"x".repeat(4_000)}` }));
    await assert.rejects(queue.send(many), (error: unknown) => {
      assert.ok(error instanceof SpotfoldError);
      assert.equal(error.code, "disk-full");
      assert.ok(error.hint !== undefined);
      return true;
    });
    assert.deepEqual(await queue.counts(), { visible: 1, leased: 0, delayed: 0 });
    connection.exec("PRAGMA max_page_count = 1000000");
    assert.ok((await queue.send(many)).every(({ ok }) => ok));
    assert.equal((await queue.counts()).visible, 801);
  });

  it("answers for each entry when the disk is full after the first batch", async () => {
    const file = join(tempDir("queue"), "queue.db");
    const [queue, connection] = await connectionOf(() => openQueue(file));
    connection.exec("PRAGMA max_page_count = 1500");
    const results = await queue.send(Array.from({ length: 3_000 }, () => ({ body: "x".repeat(4_000) })));
    const sent = results.filter(({ ok }) => ok).length;
    assert.ok(sent > 0 && sent < 3_000, `${sent} sent`);
    assert.equal((await queue.counts()).visible, sent);
    const failed = results.slice(sent);
    assert.ok(failed.every((result) => !result.ok && result.retryable && /full/.test(result.reason)));
  });
});
