-- Links by which anybody may watch one match, what an owner allows them, and the redacted log that they read.

CREATE TABLE touchline.share_links (
    club_id             uuid        NOT NULL,
    link_id             uuid        NOT NULL,
    match_id            uuid        NOT NULL,
    secret_hash         bytea       NOT NULL,
    shows_score         boolean     NOT NULL,
    shows_shirt_numbers boolean     NOT NULL,
    shows_venue         boolean     NOT NULL,
    created_by          uuid        NOT NULL,
    created_at          timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL,
    revoked_at          timestamptz,
    last_used_on        date,
    PRIMARY KEY (club_id, link_id)
);
CREATE UNIQUE INDEX share_links_secret ON touchline.share_links (club_id, secret_hash);
CREATE INDEX share_links_match ON touchline.share_links (club_id, match_id);
CREATE INDEX share_links_live ON touchline.share_links (club_id, expires_at) WHERE revoked_at IS NULL;

CREATE TABLE touchline.share_rules (
    club_id             uuid        NOT NULL,
    young_scores        boolean     NOT NULL,
    young_shirt_numbers boolean     NOT NULL,
    changed_by          uuid        NOT NULL,
    changed_at          timestamptz NOT NULL,
    PRIMARY KEY (club_id)
);

CREATE TABLE touchline.feeds (
    club_id  uuid     NOT NULL,
    match_id uuid     NOT NULL,
    view     smallint NOT NULL,
    epoch    text     NOT NULL,
    n        bigint   NOT NULL,
    hide_key bytea    NOT NULL,
    snapshot bytea    NOT NULL,
    due_ms   bigint,
    PRIMARY KEY (club_id, match_id, view)
);

CREATE TABLE touchline.feed_entries (
    club_id  uuid        NOT NULL,
    match_id uuid        NOT NULL,
    view     smallint    NOT NULL,
    n        bigint      NOT NULL,
    body     bytea       NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, match_id, view, n)
);

ALTER TABLE touchline.share_links ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.share_links USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.share_rules ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.share_rules USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.feeds USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.feed_entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.feed_entries USING (club_id = nullif(current_setting('app.club', true), '')::uuid);

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchline_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON
            touchline.share_links, touchline.share_rules, touchline.feeds, touchline.feed_entries
            TO touchline_app;
    END IF;
END $$;
