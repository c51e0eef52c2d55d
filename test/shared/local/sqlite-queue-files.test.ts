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
