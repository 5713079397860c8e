-- People: memberships that end, invitations, links for scorers, sessions that branch, and the slow-down of guessing.
--
-- Old servers go on reading memberships and sessions. Refresh tokens change their form: every device signs in once more.

ALTER TABLE touchline.users
    ALTER COLUMN email DROP NOT NULL;

ALTER TABLE touchline.memberships
    ADD COLUMN removed_at timestamptz;

CREATE TABLE touchline.invitations (
    club_id       uuid        NOT NULL REFERENCES touchline.clubs,
    invitation_id uuid        NOT NULL,
    secret_hash   bytea       NOT NULL,
    role          text        NOT NULL CHECK (role IN ('owner', 'coach', 'scorer', 'viewer')),
    uses          integer     NOT NULL CHECK (uses BETWEEN 1 AND 50),
    used          integer     NOT NULL DEFAULT 0,
    made_by       uuid        NOT NULL REFERENCES touchline.users,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    PRIMARY KEY (club_id, invitation_id)
);
CREATE UNIQUE INDEX invitations_secret ON touchline.invitations (club_id, secret_hash);

CREATE TABLE touchline.scorers (
    scorer_id   uuid        NOT NULL,
    club_id     uuid        NOT NULL REFERENCES touchline.clubs,
    match_id    uuid        NOT NULL,
    secret_hash bytea       NOT NULL,
    code_hash   bytea,
    name        text        NOT NULL DEFAULT '',
    made_by     uuid        NOT NULL REFERENCES touchline.users,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    PRIMARY KEY (scorer_id)
);
CREATE UNIQUE INDEX scorers_secret ON touchline.scorers (secret_hash);
CREATE UNIQUE INDEX scorers_code ON touchline.scorers (code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX scorers_match ON touchline.scorers (club_id, match_id);

ALTER TABLE touchline.sessions
    ALTER COLUMN user_id DROP NOT NULL,
    ADD COLUMN scorer_id   uuid REFERENCES touchline.scorers,
    ADD COLUMN generation  bigint NOT NULL DEFAULT 1,
    ADD COLUMN forked_from uuid,
    ADD CONSTRAINT sessions_one_person CHECK ((user_id IS NULL) <> (scorer_id IS NULL));
CREATE INDEX sessions_scorer ON touchline.sessions (scorer_id) WHERE scorer_id IS NOT NULL;

CREATE TABLE touchline.attempts (
    key      bytea   NOT NULL,
    failures integer NOT NULL,
    until_ms bigint  NOT NULL,
    seen_ms  bigint  NOT NULL,
    PRIMARY KEY (key)
);

ALTER TABLE touchline.invitations ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.invitations USING (club_id = nullif(current_setting('app.club', true), '')::uuid);

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchline_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON touchline.invitations, touchline.scorers, touchline.attempts TO touchline_app;
    END IF;
END $$;
