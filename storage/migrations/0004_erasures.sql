-- Erasures: who was erased in a club, as keyed hashes, and how far the log was rewritten for each.

CREATE TABLE touchline.erasures (
    club_id      uuid   NOT NULL,
    erasure_id   uuid   NOT NULL,
    kind         text   NOT NULL CHECK (kind IN ('record', 'user', 'club')),
    collection   text,
    subject      text   NOT NULL,
    names        text[] NOT NULL,
    version      bigint NOT NULL,
    at_ms        bigint NOT NULL,
    erased_by    text,
    rewritten_to bigint NOT NULL,
    finished_ms  bigint,
    PRIMARY KEY (club_id, erasure_id)
);

ALTER TABLE touchline.erasures ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.erasures USING (club_id = nullif(current_setting('app.club', true), '')::uuid);

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchline_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON touchline.erasures TO touchline_app;
    END IF;
END $$;
