-- The database that a club had before: single keys, uniques and foreign keys, no clubs and nothing of a sync.

CREATE SCHEMA grassroots;

CREATE TYPE grassroots.event_kind AS ENUM (
    'goal', 'assist', 'key_pass', 'save', 'interception', 'tackle', 'foul', 'penalty', 'free_kick', 'ball_out', 'own_goal'
);

CREATE TABLE grassroots.seasons (
    season_id  uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    label      text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE grassroots.teams (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name               text NOT NULL UNIQUE,
    home_kit_primary   varchar(7),
    home_kit_secondary varchar(7),
    away_kit_primary   varchar(7),
    away_kit_secondary varchar(7),
    logo_url           text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE grassroots.positions (
    pos_code  text PRIMARY KEY,
    long_name text NOT NULL
);

CREATE TABLE grassroots.players (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    full_name     varchar(120) NOT NULL,
    squad_number  integer,
    preferred_pos char(4) REFERENCES grassroots.positions,
    dob           date,
    notes         text,
    current_team  uuid REFERENCES grassroots.teams ON DELETE SET NULL,
    shoe_size     numeric(4, 1), -- the club's own
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz,
    CONSTRAINT one_name_in_a_team UNIQUE (full_name, current_team)
);

CREATE TABLE grassroots.matches (
    match_id       uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    season_id      uuid REFERENCES grassroots.seasons,
    kickoff_ts     timestamptz NOT NULL,
    competition    text,
    home_team_id   uuid NOT NULL REFERENCES grassroots.teams,
    away_team_id   uuid NOT NULL REFERENCES grassroots.teams,
    venue          text,
    duration_mins  smallint DEFAULT 50 CHECK (duration_mins > 0),
    period_format  text NOT NULL DEFAULT 'quarter' CHECK (period_format IN ('half', 'quarter')),
    our_score      integer NOT NULL DEFAULT 0,
    opponent_score integer NOT NULL DEFAULT 0,
    notes          text,
    created_at     timestamp NOT NULL DEFAULT now(), -- without a zone
    updated_at     timestamp NOT NULL DEFAULT now()
);

-- Without a primary key, as it was left.
CREATE TABLE grassroots.events (
    id            uuid DEFAULT gen_random_uuid(),
    match_id      uuid NOT NULL REFERENCES grassroots.matches ON DELETE CASCADE,
    season_id     uuid REFERENCES grassroots.seasons,
    period_number integer CHECK (period_number >= 0),
    clock_ms      integer CHECK (clock_ms >= 0),
    kind          grassroots.event_kind NOT NULL,
    team_id       uuid REFERENCES grassroots.teams,
    player_id     uuid,
    notes         text,
    sentiment     integer DEFAULT 0,
    created_at    timestamptz DEFAULT now(),
    updated_at    timestamptz DEFAULT now()
);
CREATE UNIQUE INDEX events_by_id ON grassroots.events (id);

CREATE TABLE grassroots.event_participants (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_id   uuid NOT NULL REFERENCES grassroots.events (id) ON DELETE CASCADE,
    player_id  uuid NOT NULL REFERENCES grassroots.players,
    kind       grassroots.event_kind NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE grassroots.lineup (
    match_id   uuid NOT NULL REFERENCES grassroots.matches,
    player_id  uuid NOT NULL REFERENCES grassroots.players,
    start_min  double precision DEFAULT 0 CHECK (start_min >= 0),
    end_min    double precision CHECK (end_min >= 0),
    position   text REFERENCES grassroots.positions,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE grassroots.awards (
    award_id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    season_id  uuid REFERENCES grassroots.seasons,
    player_id  uuid REFERENCES grassroots.players,
    category   text NOT NULL,
    notes      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE grassroots.match_awards (
    match_award_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    match_id       uuid NOT NULL REFERENCES grassroots.matches,
    player_id      uuid REFERENCES grassroots.players,
    category       text NOT NULL,
    notes          text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (match_id, category)
);

CREATE TABLE grassroots.match_notes (
    match_note_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    match_id      uuid NOT NULL REFERENCES grassroots.matches,
    notes         text NOT NULL,
    period_number integer NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);

-- What the club made for itself.
CREATE TABLE grassroots.subs_paid (player_id uuid REFERENCES grassroots.players, pounds numeric);
CREATE VIEW grassroots.top_scorers AS
    SELECT player_id, count(*) AS goals FROM grassroots.events WHERE kind = 'goal' GROUP BY player_id;
CREATE FUNCTION grassroots.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END $$;
CREATE TRIGGER touch BEFORE UPDATE ON grassroots.teams FOR EACH ROW EXECUTE FUNCTION grassroots.touch();

INSERT INTO grassroots.positions VALUES ('GK', 'Keeper'), ('CB', 'Centre back'), ('ST', 'Striker'), ('LIB', 'Libero');
