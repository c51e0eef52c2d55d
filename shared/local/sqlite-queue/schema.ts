/**
 * The tables of a queue file.
 *
 *   queue          one row for each named queue; `turn` counts how often it served a group
 *   message_group  those of a queue's groups that have messages; messages without a group are one, named ""
 *   message        visible = can be had; leased = not visible, with a token; delayed = neither. `due_at`: since when it is
 *                  visible, or when it will be
 *   body           apart, so that a lease rewrites a short row
 *   clock          the latest time that anybody saw
 *
 * A group's counts are kept by triggers, in the transaction that changes a message: whose turn it is, and what `counts`
 * answers, is then one look into an index, however many messages there are.
 */
import type { SqliteFormat } from "../sqlite.ts";

const groups = `
  CREATE TABLE message_group (
    id INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    name TEXT NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    visible INTEGER NOT NULL DEFAULT 0,
    leased INTEGER NOT NULL DEFAULT 0,
    turn INTEGER NOT NULL,
    UNIQUE (queue, name)
  ) STRICT;
  CREATE INDEX group_by_turn ON message_group (queue, leased, turn) WHERE visible > 0;
`;

const watched = `
  CREATE INDEX message_visible ON message (message_group, due_at) WHERE visible = 1;
  CREATE INDEX message_hidden ON message (queue, due_at) WHERE visible = 0;
  CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    UPDATE message_group SET messages = messages + 1, visible = visible + new.visible WHERE id = new.message_group;
  END;
  CREATE TRIGGER message_moved AFTER UPDATE OF visible, token ON message BEGIN
    UPDATE message_group SET
      visible = visible + new.visible - old.visible,
      leased = leased + (new.token IS NOT NULL) - (old.token IS NOT NULL)
    WHERE id = new.message_group;
  END;
  CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE message_group SET
      messages = messages - 1,
      visible = visible - old.visible,
      leased = leased - (old.token IS NOT NULL)
    WHERE id = old.message_group;
    DELETE FROM message_group WHERE id = old.message_group AND messages = 0;
    DELETE FROM body WHERE id = old.id;
  END;
`;

/** Version 1 knew no groups, and told by its time alone whether a message was visible: here all are shown when they are due. */
const fromVersion1 = `
  ${groups}
  ALTER TABLE queue ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
  INSERT INTO message_group (queue, name, messages, leased, turn)
    SELECT queue, '', count(*), count(token), 0 FROM message GROUP BY queue;
  DROP INDEX message_by_time;
  ALTER TABLE message RENAME COLUMN visible_at TO due_at;
  ALTER TABLE message ADD COLUMN visible INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE message ADD COLUMN message_group INTEGER NOT NULL DEFAULT 0;
  UPDATE message SET message_group = (SELECT id FROM message_group WHERE message_group.queue = message.queue);
  ${watched}
`;

export const queueFormat: SqliteFormat = {
  /** "SpfQ". */
  applicationId: 0x53706651,
  version: 2,
  what: "a job queue of Spotfold",
  schema: `
    CREATE TABLE queue (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, turn INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE message (
      id INTEGER PRIMARY KEY,
      queue INTEGER NOT NULL,
      message_group INTEGER NOT NULL,
      visible INTEGER NOT NULL,
      due_at INTEGER NOT NULL,
      token TEXT,
      deliveries INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE body (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE clock (latest INTEGER NOT NULL) STRICT;
    INSERT INTO clock VALUES (0);
    ${groups}
    ${watched}
  `,
  upgrades: { 1: fromVersion1 },
};
