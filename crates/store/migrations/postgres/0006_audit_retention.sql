-- Retention deletes the first records of a chain. The anchor names the last deleted record: the first kept record follows it.
ALTER TABLE audit_head ADD COLUMN anchor_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_head ADD COLUMN anchor_hash BYTEA NOT NULL
    DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(anchor_hash) = 32);

-- An input is kept for as long as decisions use it; the time of the last use is accurate to an hour.
ALTER TABLE audit_input ADD COLUMN kept_at BIGINT NOT NULL DEFAULT 0;
UPDATE audit_input SET kept_at = EXTRACT(EPOCH FROM now())::BIGINT;
CREATE INDEX audit_input_by_time ON audit_input (kept_at);
CREATE INDEX platform_evidence_by_time ON platform_evidence (received_at);

-- Inputs that were kept at this time or later cannot be deleted. The time never goes back.
CREATE TABLE audit_cutoff (
    id                BIGINT PRIMARY KEY CHECK (id = 1),
    kept_from         BIGINT NOT NULL
);
INSERT INTO audit_cutoff (id, kept_from) VALUES (1, 0);

-- Temporary tables come first in a search path that does not name them, and everybody may create one: the guards below look for
-- tables in the schema of this store first, so that a temporary `audit_head` does not decide what they allow.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- `refuse_change` says that the audit is append-only.
DROP TRIGGER audit_is_append_only ON audit_record;
CREATE TRIGGER audit_record_is_not_changed BEFORE UPDATE OR TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_head_is_not_deleted BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_input_is_not_emptied BEFORE TRUNCATE ON audit_input
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_cutoff_is_one BEFORE INSERT OR DELETE OR TRUNCATE ON audit_cutoff
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION guard_audit_record() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT 1 FROM audit_head
            WHERE replica = NEW.replica AND number + 1 = NEW.number AND hash = NEW.previous) THEN
            RAISE EXCEPTION 'the audit is append-only: a record follows the last one of its chain';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM audit_head WHERE replica = OLD.replica AND anchor_number >= OLD.number) THEN
        RAISE EXCEPTION 'the audit is append-only: only records up to the anchor of their chain can be deleted';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER audit_record_grows_at_the_end BEFORE INSERT OR DELETE ON audit_record
    FOR EACH ROW EXECUTE FUNCTION guard_audit_record();

-- Nothing changes; or one record is added; or retention moves the anchor forward, right after the record that says so.
CREATE FUNCTION guard_audit_head() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    zeros CONSTANT BYTEA := decode(repeat('00', 32), 'hex');
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.number <> 0 OR NEW.hash <> zeros OR NEW.anchor_number <> 0 OR NEW.anchor_hash <> zeros THEN
            RAISE EXCEPTION 'the audit is append-only: a chain begins once, at zero';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.replica = OLD.replica AND NEW.anchor_number = OLD.anchor_number AND NEW.anchor_hash = OLD.anchor_hash AND (
        (NEW.number = OLD.number AND NEW.hash = OLD.hash)
        OR (NEW.number = OLD.number + 1 AND EXISTS (SELECT 1 FROM audit_record
            WHERE replica = NEW.replica AND number = NEW.number AND hash = NEW.hash AND previous = OLD.hash)))
    THEN
        RETURN NEW;
    END IF;
    IF NEW.replica = OLD.replica AND NEW.number = OLD.number AND NEW.hash = OLD.hash
        AND NEW.anchor_number > OLD.anchor_number AND NEW.anchor_number < NEW.number
        AND EXISTS (SELECT 1 FROM audit_record
            WHERE replica = NEW.replica AND number = NEW.anchor_number AND hash = NEW.anchor_hash)
        AND EXISTS (SELECT 1 FROM audit_record
            WHERE replica = NEW.replica AND number = NEW.number
            AND position('"action":"audit.retention"' IN text) > 0)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit is append-only: the head of a chain only moves forward';
END $$;
CREATE TRIGGER audit_head_only_moves_forward BEFORE INSERT OR UPDATE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION guard_audit_head();

CREATE FUNCTION guard_audit_input() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.sha256 <> OLD.sha256 OR NEW.bytes <> OLD.bytes OR NEW.kept_at < OLD.kept_at THEN
            RAISE EXCEPTION 'the audit is append-only: an input is not changed';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM audit_cutoff WHERE kept_from > OLD.kept_at) THEN
        RAISE EXCEPTION 'the audit is append-only: only inputs from before the cutoff can be deleted';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER audit_input_is_not_changed BEFORE UPDATE OR DELETE ON audit_input
    FOR EACH ROW EXECUTE FUNCTION guard_audit_input();

CREATE FUNCTION guard_audit_cutoff() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.kept_from < OLD.kept_from THEN
        RAISE EXCEPTION 'the audit is append-only: the cutoff only moves forward';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_cutoff_only_moves_forward BEFORE UPDATE ON audit_cutoff
    FOR EACH ROW EXECUTE FUNCTION guard_audit_cutoff();
