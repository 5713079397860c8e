-- Compaction: outcomes that are folded, how far a club has come with it, and when the server last did its upkeep.
-- What is there counts as settled now, so that nothing is folded before its time.

ALTER TABLE touchline.clubs ADD COLUMN folded_to timestamptz;
ALTER TABLE touchline.outcomes
    ADD COLUMN from_n bigint,
    ADD COLUMN settled_at timestamptz NOT NULL DEFAULT now();

CREATE TABLE touchline.upkeep (
    name         text        NOT NULL,
    succeeded_at timestamptz NOT NULL,
    PRIMARY KEY (name)
);

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchline_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON touchline.upkeep TO touchline_app;
    END IF;
END $$;
