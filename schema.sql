-- The database, whole: what all migrations together make (a test compares the two).
--
-- grassroots   the club's data: the tables and columns of its existing database keep their names. The engine adds to
--              each table club_id, version, stamps and deleted; created_at and updated_at are the server's own.
-- touchline    the engine: clubs with their counters, the log, conflicts, parked mutations, outcomes, devices; and the
--              accounts: users, memberships, invitations, links for scorers, sessions, attempts to sign in.
--
-- Every key of club data begins with club_id, so that no id of one club can touch or reveal another's, and so that the
-- tables can be distributed by club. A row policy on app.club stands behind the application's own filters.
--
-- Columns of the grassroots tables that a record must have (a player's name) may be null here all the same: a delete
-- or an answer may arrive before the record that it is about. Readers take rows that are not deleted and have them.

CREATE SCHEMA IF NOT EXISTS touchline;
CREATE SCHEMA grassroots;

CREATE TYPE grassroots.event_kind AS ENUM (
    'goal', 'assist', 'key_pass', 'save', 'interception', 'tackle', 'foul', 'penalty', 'free_kick', 'ball_out', 'own_goal',
    'yellow_card', 'red_card', 'corner', 'offside', 'shot_on_target', 'shot_off_target', 'block', 'clearance', 'substitution'
);

-- A lookup, the same for all clubs and not synced.
CREATE TABLE grassroots.positions (
    pos_code  text NOT NULL,
    long_name text NOT NULL,
    PRIMARY KEY (pos_code)
);
INSERT INTO grassroots.positions (pos_code, long_name) VALUES
    ('GK', 'Goalkeeper'),
    ('SW', 'Sweeper'),
    ('CB', 'Centre back'),
    ('LB', 'Left back'),
    ('RB', 'Right back'),
    ('LWB', 'Left wing back'),
    ('RWB', 'Right wing back'),
    ('CDM', 'Defensive midfielder'),
    ('CM', 'Central midfielder'),
    ('CAM', 'Attacking midfielder'),
    ('LM', 'Left midfielder'),
    ('RM', 'Right midfielder'),
    ('LW', 'Left winger'),
    ('RW', 'Right winger'),
    ('CF', 'Centre forward'),
    ('ST', 'Striker'),
    ('SUB', 'Substitute');

-- ---------------------------------------------------------------------------------------------------------------------
-- Club data. In each table:
--   version   the version of the record's latest change
--   stamps    the writes that stand: [[stamp, version, n, [field, ...], [[device, n], ...]], ...]; the field `deleted`
--             is among them once somebody deleted or restored the record. A field in none was never written.
--   deleted   whether a delete stands: the row is a tombstone
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE grassroots.seasons (
    club_id    uuid        NOT NULL,
    season_id  uuid        NOT NULL,
    label      text,
    version    bigint      NOT NULL,
    stamps     jsonb       NOT NULL,
    deleted    boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, season_id)
);

CREATE TABLE grassroots.teams (
    club_id            uuid        NOT NULL,
    id                 uuid        NOT NULL,
    name               text,
    age_group          text, -- Sets what a shared view shows, and how many play.
    home_kit_primary   varchar(7), -- `#rrggbb`
    home_kit_secondary varchar(7), -- `#rrggbb`
    away_kit_primary   varchar(7), -- `#rrggbb`
    away_kit_secondary varchar(7), -- `#rrggbb`
    logo_url           text,
    version            bigint      NOT NULL,
    stamps             jsonb       NOT NULL,
    deleted            boolean     NOT NULL DEFAULT false,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, id)
);

CREATE TABLE grassroots.players (
    club_id       uuid        NOT NULL,
    id            uuid        NOT NULL,
    full_name     text,
    squad_number  integer,
    preferred_pos text, -- A code of the lookup `positions`.
    dob           date,
    notes         text,
    current_team  uuid, -- One of teams; may dangle.
    do_not_share  boolean     NOT NULL DEFAULT false, -- Absent from every shared view.
    is_active     boolean     NOT NULL DEFAULT true, -- False once the player has left; the past stays.
    version       bigint      NOT NULL,
    stamps        jsonb       NOT NULL,
    deleted       boolean     NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, id)
);

CREATE TABLE grassroots.matches (
    club_id        uuid        NOT NULL,
    match_id       uuid        NOT NULL,
    season_id      uuid, -- One of seasons; may dangle.
    kickoff_ts     timestamptz, -- As planned: off a calendar, not off a clock.
    competition    text,
    home_team_id   uuid, -- One of teams; may dangle.
    away_team_id   uuid, -- One of teams; may dangle.
    our_side       text, -- Which side `our_score` speaks of; null counts as home.
    venue          text,
    duration_mins  integer     NOT NULL DEFAULT 50, -- All regular periods together.
    period_format  text        NOT NULL DEFAULT 'quarter',
    our_score      integer     NOT NULL DEFAULT 0, -- By hand: counts while there are no events.
    opponent_score integer     NOT NULL DEFAULT 0, -- As `our_score`.
    called_off     text, -- Null again once the match is on.
    finished_at    timestamptz, -- Full time was pressed; a later period undoes it.
    notes          text,
    version        bigint      NOT NULL,
    stamps         jsonb       NOT NULL,
    deleted        boolean     NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, match_id)
);

CREATE TABLE grassroots.match_periods (
    club_id    uuid        NOT NULL,
    id         uuid        NOT NULL,
    match_id   uuid, -- One of matches, which contains it.
    number     integer,
    type       text        NOT NULL DEFAULT 'regular',
    started_at timestamptz, -- Read off the device's clock, and corrected with it.
    ended_at   timestamptz, -- Read off the device's clock, and corrected with it.
    version    bigint      NOT NULL,
    stamps     jsonb       NOT NULL,
    deleted    boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, id)
);

CREATE TABLE grassroots.match_pauses (
    club_id    uuid        NOT NULL,
    id         uuid        NOT NULL,
    period_id  uuid, -- One of match_periods, which contains it.
    ordinal    integer,
    started_at timestamptz, -- Read off the device's clock, and corrected with it.
    ended_at   timestamptz, -- Read off the device's clock, and corrected with it.
    version    bigint      NOT NULL,
    stamps     jsonb       NOT NULL,
    deleted    boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, id)
);

CREATE TABLE grassroots.events (
    club_id       uuid                  NOT NULL,
    id            uuid                  NOT NULL,
    match_id      uuid, -- One of matches, which contains it.
    season_id     uuid, -- One of seasons; may dangle.
    period_type   text                  NOT NULL DEFAULT 'regular',
    period_number integer               NOT NULL DEFAULT 0, -- 0: not known, before all others.
    clock_ms      integer               NOT NULL DEFAULT 0, -- Played time in the period: pauses stop it.
    kind          grassroots.event_kind,
    team_id       uuid, -- Whose doing it was: an own goal names the team that conceded it. One of teams; may dangle.
    player_id     uuid, -- Who did it; of a substitution, the player going off. One of players; may dangle.
    x             double precision, -- Percent of the pitch; written in pairs.
    y             double precision, -- Percent of the pitch; written in pairs.
    notes         text,
    sentiment     integer               NOT NULL DEFAULT 0,
    version       bigint                NOT NULL,
    stamps        jsonb                 NOT NULL,
    deleted       boolean               NOT NULL DEFAULT false,
    created_at    timestamptz           NOT NULL DEFAULT now(),
    updated_at    timestamptz           NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, id)
);

CREATE TABLE grassroots.event_participants (
    club_id    uuid                  NOT NULL,
    id         uuid                  NOT NULL,
    event_id   uuid, -- One of events, which contains it.
    player_id  uuid, -- One of players; may dangle.
    kind       grassroots.event_kind,
    version    bigint                NOT NULL,
    stamps     jsonb                 NOT NULL,
    deleted    boolean               NOT NULL DEFAULT false,
    created_at timestamptz           NOT NULL DEFAULT now(),
    updated_at timestamptz           NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, id)
);

CREATE TABLE grassroots.lineup (
    club_id           uuid             NOT NULL,
    id                uuid             NOT NULL,
    match_id          uuid, -- One of matches, which contains it.
    player_id         uuid, -- One of players; may dangle.
    team_id           uuid, -- The team played for; null: ours. Outlives the player's move. One of teams; may dangle.
    start_period_type text             NOT NULL DEFAULT 'regular',
    start_period      integer,
    start_min         double precision NOT NULL DEFAULT 0.0, -- Coming on.
    end_period_type   text             NOT NULL DEFAULT 'regular',
    end_period        integer,
    end_min           double precision, -- Going off; null: still on.
    position          text, -- A code of the lookup `positions`.
    version           bigint           NOT NULL,
    stamps            jsonb            NOT NULL,
    deleted           boolean          NOT NULL DEFAULT false,
    created_at        timestamptz      NOT NULL DEFAULT now(),
    updated_at        timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, id)
);

CREATE TABLE grassroots.match_notes (
    club_id       uuid        NOT NULL,
    match_note_id uuid        NOT NULL,
    match_id      uuid, -- One of matches, which contains it.
    notes         text,
    period_number integer     NOT NULL DEFAULT 0, -- 0: the whole match.
    version       bigint      NOT NULL,
    stamps        jsonb       NOT NULL,
    deleted       boolean     NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, match_note_id)
);

CREATE TABLE grassroots.awards (
    club_id    uuid        NOT NULL,
    award_id   uuid        NOT NULL,
    season_id  uuid, -- One of seasons; may dangle.
    player_id  uuid, -- One of players; may dangle.
    category   text,
    notes      text,
    version    bigint      NOT NULL,
    stamps     jsonb       NOT NULL,
    deleted    boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, award_id)
);

CREATE TABLE grassroots.match_awards (
    club_id        uuid        NOT NULL,
    match_award_id uuid        NOT NULL,
    match_id       uuid, -- One of matches, which contains it.
    player_id      uuid, -- One of players; may dangle.
    category       text,
    notes          text,
    version        bigint      NOT NULL,
    stamps         jsonb       NOT NULL,
    deleted        boolean     NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, match_award_id)
);

CREATE INDEX seasons_label ON grassroots.seasons (club_id, label);
CREATE INDEX teams_name ON grassroots.teams (club_id, name);
CREATE INDEX players_team ON grassroots.players (club_id, current_team);
CREATE INDEX players_name ON grassroots.players (club_id, full_name);
CREATE INDEX matches_kickoff ON grassroots.matches (club_id, kickoff_ts);
CREATE INDEX match_periods_match ON grassroots.match_periods (club_id, match_id);
CREATE INDEX match_pauses_period ON grassroots.match_pauses (club_id, period_id);
CREATE INDEX events_match ON grassroots.events (club_id, match_id, period_number);
CREATE INDEX event_participants_event ON grassroots.event_participants (club_id, event_id);
CREATE INDEX lineup_match ON grassroots.lineup (club_id, match_id);
CREATE INDEX match_notes_match ON grassroots.match_notes (club_id, match_id);
CREATE INDEX awards_season ON grassroots.awards (club_id, season_id);
CREATE INDEX match_awards_match ON grassroots.match_awards (club_id, match_id);

-- ---------------------------------------------------------------------------------------------------------------------
-- The engine
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE touchline.clubs (
    club_id    uuid        NOT NULL,
    name       text        NOT NULL DEFAULT '',
    version    bigint      NOT NULL DEFAULT 0,   -- the newest change's; raised under this row's lock, so version order is commit order
    tag        text        NOT NULL DEFAULT '0000000000000000', -- that change's tag: version.tag is the log's head
    clock      bigint      NOT NULL DEFAULT 0,   -- the greatest clock issued: 48 bits of milliseconds, 16 of counter
    oldest     bigint      NOT NULL DEFAULT 1,   -- the oldest version that the log still holds
    hash_key   bytea       NOT NULL,             -- keys the hashes of mutations; never leaves the server
    created_at timestamptz NOT NULL DEFAULT now(),
    folded_to  timestamptz,                      -- what was settled before then has been folded; null: nothing yet
    PRIMARY KEY (club_id)
);

CREATE TABLE touchline.log (
    club_id      uuid        NOT NULL,
    version      bigint      NOT NULL,           -- gapless from 1 in each club
    tag          text        NOT NULL,           -- 16 random hexadecimal digits: proves a cursor's history
    body         bytea       NOT NULL,           -- the change as it is sent, JSON, encoded once
    checksum     bigint      NOT NULL,           -- CRC-32 of body
    committed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, version)
);

CREATE TABLE touchline.conflicts (
    club_id    uuid   NOT NULL,
    id         uuid   NOT NULL,                  -- UUIDv5 of collection/record/field
    collection text   NOT NULL,
    record     uuid   NOT NULL,
    other      uuid,                             -- the second record of a duplicate
    status     text   NOT NULL,                  -- open, resolved or superseded
    version    bigint NOT NULL,                  -- of its latest change
    body       bytea  NOT NULL,                  -- the conflict, JSON
    PRIMARY KEY (club_id, id)
);
CREATE INDEX conflicts_record ON touchline.conflicts (club_id, record);
CREATE INDEX conflicts_other ON touchline.conflicts (club_id, other) WHERE other IS NOT NULL;
CREATE INDEX conflicts_open ON touchline.conflicts (club_id, id) WHERE status = 'open';

CREATE TABLE touchline.outcomes (
    club_id    uuid     NOT NULL,
    device_id  uuid     NOT NULL,
    n          bigint   NOT NULL,                -- the device's counter
    hash       bytea,                            -- keyed, of the mutation as it was sent; null once compacted away
    verdict    text     NOT NULL,                -- applied, merged, rejected or parked
    clock      bigint   NOT NULL,                -- of the effective stamp, fixed at first receipt
    correction bigint   NOT NULL DEFAULT 0,      -- milliseconds added to the device's clock readings
    conflicts  uuid[],                           -- those in which the author lost something
    problem    bytea,                            -- why it was rejected: code, field and sentence, JSON
    group_id   uuid,
    from_n     bigint,                           -- the first of the counters before n that were folded into this row
    settled_at timestamptz NOT NULL DEFAULT now(), -- when it came to be what it is
    PRIMARY KEY (club_id, device_id, n)
);
CREATE INDEX outcomes_group ON touchline.outcomes (club_id, group_id) WHERE group_id IS NOT NULL;

CREATE TABLE touchline.parked (
    club_id     uuid    NOT NULL,
    device_id   uuid    NOT NULL,
    n           bigint  NOT NULL,
    waits_for   text    NOT NULL,                -- collection/record or group/id
    group_id    uuid,
    received_ms bigint  NOT NULL,                -- by the server's clock, milliseconds since 1970
    is_orphan   boolean NOT NULL,                -- a person was asked, because what it waits for does not come
    body        bytea   NOT NULL,                -- the mutation with all that was fixed at first receipt, JSON
    PRIMARY KEY (club_id, device_id, n)
);
CREATE INDEX parked_waits_for ON touchline.parked (club_id, waits_for);
CREATE INDEX parked_group ON touchline.parked (club_id, group_id) WHERE group_id IS NOT NULL;

CREATE TABLE touchline.devices (
    club_id    uuid     NOT NULL,
    device_id  uuid     NOT NULL,
    user_id    text     NOT NULL,                -- whose device it is
    offsets_ms bigint[] NOT NULL,                -- received minus sent_at of its latest pushes, newest last
    last_n     bigint   NOT NULL,
    acked      bigint   NOT NULL,                -- the version it is known to have applied
    seen_ms    bigint   NOT NULL,                -- its latest push by the server's clock, milliseconds since 1970
    PRIMARY KEY (club_id, device_id)
);

-- Who was erased. No id and no name is in it: what comes late about them is recognised by keyed hashes.
CREATE TABLE touchline.erasures (
    club_id      uuid   NOT NULL,
    erasure_id   uuid   NOT NULL,
    kind         text   NOT NULL CHECK (kind IN ('record', 'user', 'club')),
    collection   text,                           -- of the record
    subject      text   NOT NULL,                -- the hash of collection/record, keyed with the club's key
    names        text[] NOT NULL,                -- each as its number of words and their keyed hash
    version      bigint NOT NULL,                -- the version that an author must have seen to know of it
    at_ms        bigint NOT NULL,                -- by the server's clock, milliseconds since 1970
    erased_by    text,                           -- the user who asked for it; null: the operator
    rewritten_to bigint NOT NULL,                -- the log is rewritten up to this version
    finished_ms  bigint,                         -- when all of it was
    PRIMARY KEY (club_id, erasure_id)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Accounts
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE touchline.users (
    user_id       uuid        NOT NULL,
    email         text,                          -- as it was typed, trimmed; null once the account was deleted
    display_name  text        NOT NULL,
    password_hash text        NOT NULL,          -- argon2id, with its parameters
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id)
);
CREATE UNIQUE INDEX users_email ON touchline.users (lower(email));

CREATE TABLE touchline.memberships (
    club_id    uuid        NOT NULL REFERENCES touchline.clubs,
    user_id    uuid        NOT NULL REFERENCES touchline.users,
    role       text        NOT NULL CHECK (role IN ('owner', 'coach', 'scorer', 'viewer')),
    joined_at  timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,                      -- left, or was removed; null: a member. The row stays, to tell when
    PRIMARY KEY (club_id, user_id)
);
CREATE INDEX memberships_user ON touchline.memberships (user_id);

-- An invitation is live until it is revoked, used up or expired. Its secret names the club, so its row has a policy.
CREATE TABLE touchline.invitations (
    club_id       uuid        NOT NULL REFERENCES touchline.clubs,
    invitation_id uuid        NOT NULL,
    secret_hash   bytea       NOT NULL,          -- SHA-256 of 256 random bits, which are shown once
    role          text        NOT NULL CHECK (role IN ('owner', 'coach', 'scorer', 'viewer')),
    uses          integer     NOT NULL CHECK (uses BETWEEN 1 AND 50), -- how many may join by it
    used          integer     NOT NULL DEFAULT 0,
    made_by       uuid        NOT NULL REFERENCES touchline.users,
    created_at    timestamptz NOT NULL,          -- whoever was removed later needs a newer one
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    PRIMARY KEY (club_id, invitation_id)
);
CREATE UNIQUE INDEX invitations_secret ON touchline.invitations (club_id, secret_hash);

-- A link by which somebody without an account scores one match. A code names no club: this table has no policy.
CREATE TABLE touchline.scorers (
    scorer_id   uuid        NOT NULL,            -- the author of what is written by the link
    club_id     uuid        NOT NULL REFERENCES touchline.clubs,
    match_id    uuid        NOT NULL,
    secret_hash bytea       NOT NULL,            -- SHA-256 of 256 random bits, which are shown once
    code_hash   bytea,                           -- keyed, of the short code; null once the link has ended
    name        text        NOT NULL DEFAULT '', -- as the last one said who signed in by it
    made_by     uuid        NOT NULL REFERENCES touchline.users,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    PRIMARY KEY (scorer_id)
);
CREATE UNIQUE INDEX scorers_secret ON touchline.scorers (secret_hash);
CREATE UNIQUE INDEX scorers_code ON touchline.scorers (code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX scorers_match ON touchline.scorers (club_id, match_id);

CREATE TABLE touchline.sessions (
    session_id    uuid        NOT NULL,
    user_id       uuid        REFERENCES touchline.users, -- null: signed in by a scorer's link
    club_id       uuid        NOT NULL REFERENCES touchline.clubs,
    device_id     uuid        NOT NULL,
    refresh_hash  bytea       NOT NULL,          -- SHA-256 of the newest refresh token
    previous_hash bytea,                         -- of the one before it: its retry is a lost reply, not a theft
    created_at    timestamptz NOT NULL DEFAULT now(),
    used_at       timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    ended_at      timestamptz,                   -- signed out
    scorer_id     uuid        REFERENCES touchline.scorers,
    generation    bigint      NOT NULL DEFAULT 1, -- of the newest refresh token: one more at each use
    forked_from   uuid,                          -- the session of which this is a clone's branch
    PRIMARY KEY (session_id),
    CONSTRAINT sessions_one_person CHECK ((user_id IS NULL) <> (scorer_id IS NULL))
);
CREATE INDEX sessions_user ON touchline.sessions (user_id);
CREATE INDEX sessions_scorer ON touchline.sessions (scorer_id) WHERE scorer_id IS NOT NULL;

-- Failed attempts, by a keyed hash of what they were at: an account, a device of one, an address, the codes.
CREATE TABLE touchline.attempts (
    key      bytea   NOT NULL,
    failures integer NOT NULL,                   -- in a row
    until_ms bigint  NOT NULL,                   -- refused until then, milliseconds since 1970
    seen_ms  bigint  NOT NULL,                   -- the latest, milliseconds since 1970
    PRIMARY KEY (key)
);

-- When the server's own work in the background was last done without a failure: by name, of no club and no person.
CREATE TABLE touchline.upkeep (
    name         text        NOT NULL,
    succeeded_at timestamptz NOT NULL,
    PRIMARY KEY (name)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Sharing: links to one match, and the redacted log of it that they read
-- ---------------------------------------------------------------------------------------------------------------------

-- A link is live until it is revoked or expired. Its secret names the club.
CREATE TABLE touchline.share_links (
    club_id             uuid        NOT NULL,
    link_id             uuid        NOT NULL,
    match_id            uuid        NOT NULL,
    secret_hash         bytea       NOT NULL,    -- SHA-256 of 256 random bits, which are shown once
    shows_score         boolean     NOT NULL,    -- what it asks to show: the age group may allow less
    shows_shirt_numbers boolean     NOT NULL,
    shows_venue         boolean     NOT NULL,
    created_by          uuid        NOT NULL,    -- a user
    created_at          timestamptz NOT NULL,
    expires_at          timestamptz NOT NULL,
    revoked_at          timestamptz,
    last_used_on        date,                    -- a day and no time: who looked when is nobody's business
    PRIMARY KEY (club_id, link_id)
);
CREATE UNIQUE INDEX share_links_secret ON touchline.share_links (club_id, secret_hash);
CREATE INDEX share_links_match ON touchline.share_links (club_id, match_id);
CREATE INDEX share_links_live ON touchline.share_links (club_id, expires_at) WHERE revoked_at IS NULL;

-- What an owner has turned on for links to matches of U7 to U11; no row: nothing.
CREATE TABLE touchline.share_rules (
    club_id             uuid        NOT NULL,
    young_scores        boolean     NOT NULL,
    young_shirt_numbers boolean     NOT NULL,
    changed_by          uuid        NOT NULL,    -- a user
    changed_at          timestamptz NOT NULL,
    PRIMARY KEY (club_id)
);

-- One feed for each match and view that has a live link, kept up to date under the club's counter row.
CREATE TABLE touchline.feeds (
    club_id  uuid     NOT NULL,
    match_id uuid     NOT NULL,
    view     smallint NOT NULL,                  -- what its links ask to show: 1 score, 2 shirt numbers, 4 venue
    epoch    text     NOT NULL,                  -- random, new whenever what was shown may not be read again
    n        bigint   NOT NULL,                  -- of its newest entry, gapless from 1 in each epoch; 0: none yet
    hide_key bytea    NOT NULL,                  -- keys the ids of events in this epoch; never leaves the server
    snapshot bytea    NOT NULL,                  -- what is shown after entry n, JSON, as it is sent
    due_ms   bigint,                             -- when time alone may change it, milliseconds since 1970
    PRIMARY KEY (club_id, match_id, view)
);

CREATE TABLE touchline.feed_entries (
    club_id  uuid        NOT NULL,
    match_id uuid        NOT NULL,
    view     smallint    NOT NULL,
    n        bigint      NOT NULL,               -- those of earlier epochs are deleted when one begins
    body     bytea       NOT NULL,               -- the message as it is sent, JSON, redacted
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (club_id, match_id, view, n)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Row policies: the application's role sees the rows of one club, the one that its transaction names with
-- SET LOCAL app.club; without it, none. (`clubs` may be created by whoever registers, and is read under its policy.)
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE grassroots.seasons ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.seasons USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.teams ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.teams USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.players ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.players USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.matches ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.matches USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.match_periods ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.match_periods USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.match_pauses ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.match_pauses USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.events USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.event_participants ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.event_participants USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.lineup ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.lineup USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.match_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.match_notes USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.awards ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.awards USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE grassroots.match_awards ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON grassroots.match_awards USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.log ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.log USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.conflicts ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.conflicts USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.outcomes ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.outcomes USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.parked ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.parked USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.devices ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.devices USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.erasures ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.erasures USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.invitations ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.invitations USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.share_links ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.share_links USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.share_rules ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.share_rules USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.feeds USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.feed_entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.feed_entries USING (club_id = nullif(current_setting('app.club', true), '')::uuid);
ALTER TABLE touchline.clubs ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_club ON touchline.clubs USING (club_id = nullif(current_setting('app.club', true), '')::uuid);

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchline_app') THEN
        GRANT USAGE ON SCHEMA grassroots, touchline TO touchline_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA grassroots TO touchline_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON
            touchline.clubs, touchline.log, touchline.conflicts, touchline.outcomes, touchline.parked, touchline.devices,
            touchline.erasures,
            touchline.users, touchline.memberships, touchline.sessions,
            touchline.invitations, touchline.scorers, touchline.attempts, touchline.upkeep,
            touchline.share_links, touchline.share_rules, touchline.feeds, touchline.feed_entries
            TO touchline_app;
        REVOKE INSERT, UPDATE, DELETE ON grassroots.positions FROM touchline_app;
    END IF;
END $$;
