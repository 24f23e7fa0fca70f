-- Retention deletes the first records of a chain. The anchor names the last deleted record: the first kept record follows it.
ALTER TABLE audit_head ADD COLUMN anchor_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_head ADD COLUMN anchor_hash BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(anchor_hash) = 32);

-- An input is kept for as long as decisions use it; the time of the last use is accurate to an hour.
ALTER TABLE audit_input ADD COLUMN kept_at INTEGER NOT NULL DEFAULT 0;
UPDATE audit_input SET kept_at = unixepoch();

-- Inputs that were kept at this time or later cannot be deleted. The time never goes back.
CREATE TABLE audit_cutoff (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    kept_from         INTEGER NOT NULL
) STRICT;
INSERT INTO audit_cutoff (id, kept_from) VALUES (1, 0);

-- What the audit takes is counted without reading it.
CREATE INDEX audit_record_size ON audit_record (replica, number, octet_length(text));
CREATE INDEX audit_input_size ON audit_input (kept_at, octet_length(bytes));
CREATE INDEX platform_evidence_size ON platform_evidence (received_at, octet_length(evidence));

-- REPLACE deletes the row that is in the way without firing a DELETE trigger, also where only the rowid is the same, and puts a
-- default where a value is NULL. So an existing row is protected before the insert, and each guard says what is allowed: what is
-- not true, NULL included, is refused.
DROP TRIGGER audit_is_not_changed;
DROP TRIGGER audit_is_not_deleted;
CREATE TRIGGER audit_record_is_not_changed BEFORE UPDATE ON audit_record
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_record_is_added_at_the_end BEFORE INSERT ON audit_record
WHEN (NOT EXISTS (SELECT 1 FROM audit_record WHERE rowid = NEW.rowid)
    AND NOT EXISTS (SELECT 1 FROM audit_record WHERE replica = NEW.replica AND number = NEW.number)
    AND EXISTS (SELECT 1 FROM audit_head
        WHERE replica = NEW.replica AND number + 1 = NEW.number AND hash = NEW.previous)) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: a record follows the last one of its chain'); END;
CREATE TRIGGER audit_record_is_deleted_up_to_the_anchor BEFORE DELETE ON audit_record
WHEN NOT EXISTS (SELECT 1 FROM audit_head WHERE replica = OLD.replica AND anchor_number >= OLD.number)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: only records up to the anchor of their chain can be deleted'); END;

CREATE TRIGGER audit_head_begins_at_zero BEFORE INSERT ON audit_head
WHEN (NOT EXISTS (SELECT 1 FROM audit_head WHERE rowid = NEW.rowid)
    AND NOT EXISTS (SELECT 1 FROM audit_head WHERE replica = NEW.replica)
    AND NEW.replica IS NOT NULL AND NEW.number = 0 AND NEW.hash = zeroblob(32)
    AND NEW.anchor_number = 0 AND NEW.anchor_hash = zeroblob(32)) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: a chain begins once, at zero'); END;
CREATE TRIGGER audit_head_is_not_deleted BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
-- Nothing changes; or one record is added; or retention moves the anchor forward, right after the record that says so.
CREATE TRIGGER audit_head_only_moves_forward BEFORE UPDATE ON audit_head
WHEN (NEW.rowid = OLD.rowid AND NEW.replica = OLD.replica AND (
    (NEW.number = OLD.number AND NEW.hash = OLD.hash
        AND NEW.anchor_number = OLD.anchor_number AND NEW.anchor_hash = OLD.anchor_hash)
    OR (NEW.number = OLD.number + 1 AND NEW.anchor_number = OLD.anchor_number AND NEW.anchor_hash = OLD.anchor_hash
        AND EXISTS (SELECT 1 FROM audit_record
            WHERE replica = NEW.replica AND number = NEW.number AND hash = NEW.hash AND previous = OLD.hash))
    OR (NEW.number = OLD.number AND NEW.hash = OLD.hash
        AND NEW.anchor_number > OLD.anchor_number AND NEW.anchor_number < NEW.number
        AND EXISTS (SELECT 1 FROM audit_record
            WHERE replica = NEW.replica AND number = NEW.anchor_number AND hash = NEW.anchor_hash)
        AND EXISTS (SELECT 1 FROM audit_record
            WHERE replica = NEW.replica AND number = NEW.number AND instr(text, '"action":"audit.retention"') > 0))
)) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: the head of a chain only moves forward'); END;

CREATE TRIGGER audit_input_is_added_once BEFORE INSERT ON audit_input
WHEN (NOT EXISTS (SELECT 1 FROM audit_input WHERE rowid = NEW.rowid)
    AND NOT EXISTS (SELECT 1 FROM audit_input WHERE sha256 = NEW.sha256) AND NEW.kept_at IS NOT NULL) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: an input is added once'); END;
CREATE TRIGGER audit_input_is_not_changed BEFORE UPDATE ON audit_input
WHEN (NEW.rowid = OLD.rowid AND NEW.sha256 = OLD.sha256 AND NEW.bytes = OLD.bytes AND NEW.kept_at >= OLD.kept_at) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: an input is not changed'); END;
CREATE TRIGGER audit_input_is_deleted_before_the_cutoff BEFORE DELETE ON audit_input
WHEN NOT EXISTS (SELECT 1 FROM audit_cutoff WHERE kept_from > OLD.kept_at)
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: only inputs from before the cutoff can be deleted'); END;

CREATE TRIGGER audit_cutoff_is_one BEFORE INSERT ON audit_cutoff
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: there is one cutoff'); END;
CREATE TRIGGER audit_cutoff_is_not_deleted BEFORE DELETE ON audit_cutoff
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_cutoff_only_moves_forward BEFORE UPDATE ON audit_cutoff
WHEN (NEW.id = OLD.id AND NEW.kept_from >= OLD.kept_from) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, 'the audit is append-only: the cutoff only moves forward'); END;
