/** Tables and functions of the queue. All times are those of the database. */
import { DEDUPLICATION_MS, LONGEST_HIDDEN_MS, RETENTION_MS } from '../limits.ts';
import { MAX_BODY_BYTES } from '../port.ts';

/** Rows of a queue come and go, so they are cleaned up early. */
const BUSY = 'WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05)';

const TABLES = `
  CREATE TABLE message_group (
    queue text NOT NULL,
    grp text NOT NULL,
    used_at timestamptz NOT NULL,
    PRIMARY KEY (queue, grp)
  ) ${BUSY};
  CREATE TABLE message (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL,
    grp text NOT NULL,
    dedup text NOT NULL,
    id text NOT NULL DEFAULT gen_random_uuid()::text,
    body text NOT NULL,
    sender text NOT NULL,
    sent_at timestamptz NOT NULL,
    visible_at timestamptz NOT NULL DEFAULT '-infinity',
    receive_count integer NOT NULL DEFAULT 0,
    receipt text UNIQUE
  ) ${BUSY};
  CREATE INDEX message_by_queue ON message (queue, seq);
  CREATE INDEX message_by_group ON message (queue, grp, seq);
  CREATE INDEX message_in_flight ON message (queue, grp) WHERE receipt IS NOT NULL;
  CREATE TABLE seen (
    queue text NOT NULL,
    dedup text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (queue, dedup)
  ) ${BUSY};
  CREATE INDEX seen_by_age ON seen (queue, until);
  CREATE TABLE queue_right (
    role text NOT NULL,
    queue text NOT NULL,
    may text NOT NULL CHECK (may IN ('send', 'work')),
    groups text,
    PRIMARY KEY (role, queue, may)
  )`;

/** How far a stored time may be ahead; one further ahead was written by a clock that was wrong. */
const within = (column: string, ms: number): string =>
  `${column} > moment AND ${column} <= moment + interval '${ms} ms'`;

const inFlight = (row: string): string =>
  `${row}.receipt IS NOT NULL AND ${within(`${row}.visible_at`, LONGEST_HIDDEN_MS)}`;

/** Messages of groups that have none in flight. */
const FREE = `m.queue = of_queue AND NOT EXISTS (
  SELECT FROM message h WHERE h.queue = of_queue AND h.grp = m.grp AND ${inFlight('h')})`;

/**
 * Others may only do what their rights name (`sluice queue grant`). They call these functions with
 * the rights of the tables' owner, so the login is what counts. A right with `groups` is for this
 * group and those below it: a sender that leaves its transaction open locks the groups that it
 * sends to, which must not be those of another cluster.
 */
const RIGHTS = `
  CREATE FUNCTION present() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT clock_timestamp()';
  CREATE FUNCTION ms(at timestamptz) RETURNS float8 LANGUAGE sql IMMUTABLE
    AS 'SELECT trunc(extract(epoch FROM at) * 1000)::float8';
  CREATE FUNCTION demand(of_queue text, wanted text, of_group text DEFAULT NULL)
  RETURNS void LANGUAGE plpgsql
  SET search_path FROM CURRENT AS $$
  BEGIN
    IF pg_has_role(session_user, current_user, 'MEMBER') OR EXISTS (
      SELECT FROM queue_right r
      WHERE r.role = session_user AND r.queue = of_queue AND r.may = wanted
        AND (r.groups IS NULL OR of_group = r.groups OR starts_with(of_group, r.groups || '/')))
    THEN RETURN; END IF;
    RAISE insufficient_privilege USING MESSAGE = format('role %s may not %s queue %s%s',
      session_user, wanted, of_queue, ' with group ' || left(of_group, 128));
  END $$`;

const AS_OWNER = 'SECURITY DEFINER SET search_path FROM CURRENT';

const TELL = "PERFORM pg_notify(current_schema() || '_queue', of_queue)";

const PLACE = `
  CREATE FUNCTION place(of_queue text, of_group text, of_dedup text, of_body text, by text,
    of_id text DEFAULT gen_random_uuid()::text) RETURNS void LANGUAGE plpgsql
  SET search_path FROM CURRENT AS $$
  BEGIN
    INSERT INTO message_group (queue, grp, used_at) VALUES (of_queue, of_group, present())
      ON CONFLICT (queue, grp) DO UPDATE SET used_at = EXCLUDED.used_at;
    INSERT INTO message (queue, grp, dedup, id, body, sender, sent_at)
      VALUES (of_queue, of_group, of_dedup, of_id, of_body, by, present());
    ${TELL};
  END $$`;

/** A group or a deduplication id, as `queueToken` makes them. */
const TOKEN = '^[!-~]{1,128}$';

/** A role may call it without Sluice, so it checks sizes. False: the id was used in the last minutes. */
const SEND = `
  CREATE FUNCTION send(of_queue text, of_group text, of_dedup text, of_body text)
  RETURNS boolean LANGUAGE plpgsql ${AS_OWNER} AS $$
  DECLARE moment timestamptz := present();
  BEGIN
    PERFORM demand(of_queue, 'send', of_group);
    IF octet_length(of_body) > ${MAX_BODY_BYTES}
      OR NOT (of_group ~ '${TOKEN}' AND of_dedup ~ '${TOKEN}')
    THEN RAISE program_limit_exceeded USING MESSAGE =
      'a message may not be larger than ${MAX_BODY_BYTES} bytes, and its group and id not longer than 128 characters';
    END IF;
    INSERT INTO seen AS s (queue, dedup, until)
      VALUES (of_queue, of_dedup, moment + interval '${DEDUPLICATION_MS} ms')
      ON CONFLICT (queue, dedup) DO UPDATE SET until = EXCLUDED.until
      WHERE NOT (${within('s.until', DEDUPLICATION_MS)});
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM place(of_queue, of_group, of_dedup, of_body, session_user);
    RETURN true;
  END $$`;

/**
 * Group rows are locked, those that another receiver has are left to it, and messages are chosen
 * again under the lock. A message that was received too often moves to the dead letters first.
 */
const RECEIVE = `
  CREATE FUNCTION receive(of_queue text, most integer, hide_ms float8, receives integer, dead text)
  RETURNS TABLE (seq bigint, id text, receipt text, grp text, dedup text, body text, sender text,
    receive_count integer, sent_at float8) LANGUAGE plpgsql ${AS_OWNER} AS $$
  #variable_conflict use_column
  DECLARE
    moment timestamptz := present();
    groups text[];
    chosen bigint[];
    spent record;
    moved boolean;
  BEGIN
    PERFORM demand(of_queue, 'work');
    IF dead <> of_queue || '-dead' THEN RAISE insufficient_privilege USING MESSAGE =
      format('messages of queue %s may not move to queue %s', of_queue, dead); END IF;
    IF dead IS NOT NULL THEN PERFORM demand(dead, 'send'); END IF;
    SELECT array_agg(locked.grp) INTO groups FROM (
      SELECT g.grp FROM (
        SELECT f.grp, min(f.seq) AS head FROM (
          SELECT m.grp, m.seq FROM message m WHERE ${FREE} ORDER BY m.seq LIMIT 100
        ) f GROUP BY f.grp
      ) c JOIN message_group g ON g.queue = of_queue AND g.grp = c.grp
      ORDER BY c.head LIMIT most FOR NO KEY UPDATE OF g SKIP LOCKED
    ) locked;
    IF groups IS NULL THEN RETURN; END IF;
    moment := present();
    LOOP
      moved := false;
      SELECT array_agg(free.seq) INTO chosen FROM (
        SELECT m.seq FROM message m WHERE ${FREE} AND m.grp = ANY (groups)
        ORDER BY m.seq LIMIT most
      ) free;
      FOR spent IN DELETE FROM message m WHERE dead IS NOT NULL AND m.seq = ANY (chosen)
        AND m.receive_count >= receives RETURNING m.*
      LOOP
        PERFORM place(dead, spent.grp, spent.id, spent.body, spent.sender, spent.id);
        moved := true;
      END LOOP;
      EXIT WHEN NOT moved;
    END LOOP;
    RETURN QUERY WITH handed AS (
      UPDATE message m SET receipt = gen_random_uuid()::text, receive_count = m.receive_count + 1,
        visible_at = moment + hide_ms * interval '1 ms'
      WHERE m.seq = ANY (chosen) RETURNING m.*
    ) SELECT h.seq, h.id, h.receipt, h.grp, h.dedup, h.body, h.sender, h.receive_count,
      ms(h.sent_at) FROM handed h ORDER BY h.seq;
  END $$`;

/** Both return false if the receipt does not belong to a message in flight. */
const SETTLE = `
  CREATE FUNCTION remove(of_queue text, of_receipt text)
  RETURNS boolean LANGUAGE plpgsql ${AS_OWNER} AS $$
  DECLARE
    moment timestamptz := present();
    of_group text;
  BEGIN
    PERFORM demand(of_queue, 'work');
    DELETE FROM message m WHERE m.queue = of_queue AND m.receipt = of_receipt
      AND ${inFlight('m')} RETURNING m.grp INTO of_group;
    IF NOT FOUND THEN RETURN false; END IF;
    IF EXISTS (SELECT FROM message m WHERE m.queue = of_queue AND m.grp = of_group)
    THEN ${TELL}; END IF;
    RETURN true;
  END $$;
  CREATE FUNCTION hide(of_queue text, of_receipt text, hide_ms float8)
  RETURNS boolean LANGUAGE plpgsql ${AS_OWNER} AS $$
  DECLARE
    moment timestamptz;
  BEGIN
    PERFORM demand(of_queue, 'work');
    -- A receive of the group, which may see the message as free, ends first.
    PERFORM FROM message_group g WHERE g.queue = of_queue AND g.grp = (
      SELECT m.grp FROM message m WHERE m.queue = of_queue AND m.receipt = of_receipt
    ) FOR NO KEY UPDATE;
    moment := present();
    UPDATE message m SET visible_at = moment + hide_ms * interval '1 ms'
      WHERE m.queue = of_queue AND m.receipt = of_receipt AND ${inFlight('m')};
    IF NOT FOUND THEN RETURN false; END IF;
    IF hide_ms <= 0 THEN ${TELL}; END IF;
    RETURN true;
  END $$`;

const WATCH = `
  CREATE FUNCTION depth(of_queue text, of_group text)
  RETURNS TABLE (total integer, flying integer, oldest float8) LANGUAGE plpgsql ${AS_OWNER} AS $$
  DECLARE moment timestamptz := present();
  BEGIN
    PERFORM demand(of_queue, 'work');
    RETURN QUERY SELECT count(*)::integer, (count(*) FILTER (WHERE ${inFlight('m')}))::integer,
      ms(min(m.sent_at)) FROM message m
      WHERE m.queue = of_queue AND (of_group IS NULL OR m.grp = of_group);
  END $$`;

/** Returns the time of the database. `expire`: messages that are too old go, too. */
const TIDY = `
  CREATE FUNCTION tidy(of_queue text, expire boolean)
  RETURNS float8 LANGUAGE plpgsql ${AS_OWNER} AS $$
  DECLARE moment timestamptz := present();
  BEGIN
    PERFORM demand(of_queue, 'work');
    DELETE FROM seen s WHERE s.queue = of_queue AND s.until <= moment;
    IF expire THEN
      DELETE FROM message m WHERE m.queue = of_queue
        AND m.sent_at <= moment - interval '${RETENTION_MS} ms';
    END IF;
    -- What a sender has at the moment stays.
    DELETE FROM message_group WHERE queue = of_queue AND grp IN (
      SELECT g.grp FROM message_group g WHERE g.queue = of_queue
        AND g.used_at <= moment - interval '1 hour'
        AND NOT EXISTS (SELECT FROM message m WHERE m.queue = g.queue AND m.grp = g.grp)
      FOR UPDATE SKIP LOCKED);
    RETURN ms(moment);
  END $$`;

const CLOSED = `
  DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
  END $$`;

/** Rights, and what they guard, as the functions that a queue consists of. */
export const QUEUE_MIGRATIONS = {
  part: 'queue',
  steps: [[TABLES, RIGHTS, PLACE, SEND, RECEIVE, SETTLE, WATCH, TIDY, CLOSED].join(';\n')],
};

/** What a role of one watcher calls; `demand` says for which queue. */
export const WATCHER_FUNCTIONS: readonly string[] = [
  'ms(timestamptz)',
  'present()',
  'send(text, text, text, text)',
  'receive(text, integer, float8, integer, text)',
  'remove(text, text)',
  'hide(text, text, float8)',
  'depth(text, text)',
  'tidy(text, boolean)',
];
