-- The journal of voxplay: what was sent, what came of it, in the order it happened.
--
-- This file is the documentation of the tables, and the statements that make them. It is version 1
-- (PRAGMA user_version). Columns and views stay as they are; later versions only add to them.
-- Open it while a run goes on, or after: sqlite3 .voxplay/journal.sqlite
--
--   SELECT * FROM runs ORDER BY started_at DESC LIMIT 10;
--   SELECT step, "row", outcome, msg FROM steps WHERE run = '…' AND outcome <> 'ok';
--   SELECT * FROM in_doubt;
--
-- Times are RFC 3339 text in UTC. Values of secrets are masked. Only read: a row that is changed
-- here changes what `resume` sends.

-- One row for each run. It is made from the events and says nothing that they do not say. A run whose started_at is
-- empty is being forgotten: its first events are gone, and it is no run any more.
CREATE TABLE runs (
  id              TEXT NOT NULL PRIMARY KEY, -- sorts by time
  playbook        TEXT NOT NULL,             -- the file as the user named it
  name            TEXT,                      -- the playbook's name
  target          TEXT NOT NULL,             -- the target's name
  server          TEXT NOT NULL,             -- scheme, host and port
  operation       TEXT NOT NULL,             -- the customer's CRM operation
  started_at      TEXT NOT NULL,             -- what now() gives, also in a resumed run
  finished_at     TEXT,                      -- null: it goes on, or was killed
  outcome         TEXT,                      -- ok, failed, unknown, interrupted …; null as above
  counts          TEXT,                      -- JSON: steps by outcome; null as above
  playbook_digest TEXT NOT NULL,             -- SHA-256 of the playbook's text
  voxplay         TEXT NOT NULL,             -- the version that ran it last
  inputs          TEXT                       -- JSON, masked; null where they were not recorded
) WITHOUT ROWID;

CREATE INDEX runs_by_time ON runs (started_at);

-- Everything that happened. Rows are added and never changed.
CREATE TABLE events (
  run     TEXT    NOT NULL, -- runs.id
  seq     INTEGER NOT NULL, -- from 1, without a gap, in the order it happened
  time    TEXT    NOT NULL,
  -- run_started, attempt_started, attempt_failed, step_finished, row_finished, looked_up, reconciled,
  -- run_finished
  kind    TEXT    NOT NULL,
  step    TEXT,             -- the step's id; null for events of the whole run
  "row"   TEXT,             -- the row's key; null outside a loop
  attempt INTEGER,          -- of attempt_started and attempt_failed, from 1
  outcome TEXT,             -- how it ended
  body    TEXT    NOT NULL, -- JSON: all of it, digit for digit
  PRIMARY KEY (run, seq)
);

-- Finds the events of one step of one row among millions, in order. The views name it, for SQLite cannot know how
-- much it saves.
CREATE INDEX events_by_step ON events (run, step, "row", seq) WHERE step IS NOT NULL;

-- What was looked up after a run has ended counts against a daily budget too. Nothing else is in it.
CREATE INDEX events_looked_up ON events (time) WHERE kind = 'looked_up';

-- What became of each step of each row: its latest outcome, which may be the word of a person. That a resumed run
-- did not reach a step, or left it out, takes nothing back of what it did before. A step that was sent and has no outcome is
-- not here but in in_doubt.
CREATE VIEW steps AS
SELECT
  run,
  step,
  "row",
  outcome,
  body ->> '$.action'      AS action,
  body ->> '$.http_status' AS http_status,
  body ->> '$.code'        AS code,
  body ->> '$.msg'         AS msg,
  body ->> '$.wolkvox_id'  AS wolkvox_id,
  body ->> '$.error'       AS error,
  body ->> '$.attempts'    AS attempts,
  body ->> '$.duration_ms' AS duration_ms,
  time                     AS finished_at,
  seq
FROM events AS e
WHERE kind IN ('step_finished', 'reconciled') AND outcome IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM events AS o INDEXED BY events_by_step
    WHERE o.run = e.run AND o.step = e.step AND o."row" IS e."row"
      AND o.kind IN ('step_finished', 'reconciled')
      AND (o.outcome NOT IN ('not_run', 'skipped'), o.seq)
        > (e.outcome NOT IN ('not_run', 'skipped'), e.seq)
  );

-- What may or may not have been done: the last word on a step is that a request was about to be
-- sent, or that its outcome is unknown. While a run goes on, requests on their way are here too.
-- Groups and loops are not here: what is in doubt is in them. The end of a row says nothing of its steps,
-- one of which has the loop's own id where the loop does an action itself.
CREATE VIEW in_doubt AS
SELECT
  run,
  step,
  "row",
  CASE kind WHEN 'attempt_started' THEN 'sent, no answer recorded' ELSE 'unknown' END AS why,
  body ->> '$.action' AS action,
  (
    SELECT sent.body ->> '$.effect' FROM events AS sent INDEXED BY events_by_step
    WHERE sent.run = e.run AND sent.step = e.step AND sent."row" IS e."row"
      AND sent.kind = 'attempt_started'
    ORDER BY sent.seq DESC LIMIT 1
  )                   AS effect,
  body ->> '$.error'  AS error,
  time,
  seq
FROM events AS e
WHERE step IS NOT NULL
  AND (kind = 'attempt_started'
    OR (kind = 'step_finished' AND outcome = 'unknown' AND body ->> '$.action' IS NOT NULL))
  AND NOT EXISTS (
    SELECT 1 FROM events AS later INDEXED BY events_by_step
    WHERE later.run = e.run AND later.step = e.step AND later."row" IS e."row" AND later.seq > e.seq
      AND later.kind <> 'row_finished' AND ifnull(later.outcome, '') NOT IN ('not_run', 'skipped')
  );
