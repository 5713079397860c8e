-- What a shared view of match $2 of club $1 is made of, as `{collection: {id: {field: value}}}`: the columns of the
-- allow-list and no other. Deleted and incomplete records are left out. An instant that the driver stored as minus
-- infinity is the first of the calendar. Whoever keeps a feed holds the club's counter row; this takes no lock.
SELECT json_build_object(
'matches', (
    SELECT coalesce(json_object_agg(r.match_id, json_build_object(
        'season_id', r.season_id,
        'kickoff_ts', CASE WHEN isfinite(r.kickoff_ts) THEN to_char(r.kickoff_ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                 WHEN r.kickoff_ts IS NOT NULL THEN '0001-01-01T00:00:00.000Z' END,
        'competition', r.competition,
        'home_team_id', r.home_team_id,
        'away_team_id', r.away_team_id,
        'our_side', r.our_side,
        'venue', r.venue,
        'duration_mins', r.duration_mins,
        'period_format', r.period_format,
        'our_score', r.our_score,
        'opponent_score', r.opponent_score,
        'called_off', r.called_off,
        'finished_at', CASE WHEN isfinite(r.finished_at) THEN to_char(r.finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                 WHEN r.finished_at IS NOT NULL THEN '0001-01-01T00:00:00.000Z' END)), '{}')
      FROM grassroots.matches AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.match_id = $2 AND r.kickoff_ts IS NOT NULL),
'match_periods', (
    SELECT coalesce(json_object_agg(r.id, json_build_object(
        'match_id', r.match_id,
        'number', r.number,
        'type', r.type,
        'started_at', CASE WHEN isfinite(r.started_at) THEN to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                 WHEN r.started_at IS NOT NULL THEN '0001-01-01T00:00:00.000Z' END,
        'ended_at', CASE WHEN isfinite(r.ended_at) THEN to_char(r.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                 WHEN r.ended_at IS NOT NULL THEN '0001-01-01T00:00:00.000Z' END)), '{}')
      FROM grassroots.match_periods AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.match_id = $2 AND r.number IS NOT NULL),
'match_pauses', (
    SELECT coalesce(json_object_agg(r.id, json_build_object(
        'period_id', r.period_id,
        'started_at', CASE WHEN isfinite(r.started_at) THEN to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                 WHEN r.started_at IS NOT NULL THEN '0001-01-01T00:00:00.000Z' END,
        'ended_at', CASE WHEN isfinite(r.ended_at) THEN to_char(r.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                 WHEN r.ended_at IS NOT NULL THEN '0001-01-01T00:00:00.000Z' END)), '{}')
      FROM grassroots.match_pauses AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.ordinal IS NOT NULL
       AND r.period_id IN (SELECT id FROM grassroots.match_periods WHERE club_id = $1 AND match_id = $2)),
'events', (
    SELECT coalesce(json_object_agg(r.id, json_build_object(
        'match_id', r.match_id,
        'period_type', r.period_type,
        'period_number', r.period_number,
        'clock_ms', r.clock_ms,
        'kind', r.kind,
        'team_id', r.team_id,
        'player_id', r.player_id)), '{}')
      FROM grassroots.events AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.match_id = $2 AND r.kind IS NOT NULL),
'event_participants', (
    SELECT coalesce(json_object_agg(r.id, json_build_object(
        'event_id', r.event_id,
        'player_id', r.player_id,
        'kind', r.kind)), '{}')
      FROM grassroots.event_participants AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.kind = 'substitution' AND r.player_id IS NOT NULL
       AND r.event_id IN (SELECT id FROM grassroots.events WHERE club_id = $1 AND match_id = $2)),
'lineup', (
    SELECT coalesce(json_object_agg(r.id, json_build_object(
        'match_id', r.match_id,
        'start_period_type', r.start_period_type,
        'start_period', r.start_period,
        'start_min', r.start_min,
        'end_period_type', r.end_period_type,
        'end_period', r.end_period,
        'end_min', r.end_min)), '{}')
      FROM grassroots.lineup AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.match_id = $2 AND r.player_id IS NOT NULL),
'teams', (
    SELECT coalesce(json_object_agg(r.id, json_build_object(
        'name', r.name,
        'age_group', r.age_group,
        'home_kit_primary', r.home_kit_primary,
        'home_kit_secondary', r.home_kit_secondary,
        'away_kit_primary', r.away_kit_primary,
        'away_kit_secondary', r.away_kit_secondary)), '{}')
      FROM grassroots.teams AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.name IS NOT NULL AND r.id IN (
           SELECT home_team_id FROM grassroots.matches WHERE club_id = $1 AND match_id = $2
            UNION ALL
           SELECT away_team_id FROM grassroots.matches WHERE club_id = $1 AND match_id = $2)),
'players', (
    SELECT coalesce(json_object_agg(r.id, json_build_object(
        'squad_number', r.squad_number,
        'do_not_share', r.do_not_share)), '{}')
      FROM grassroots.players AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.full_name IS NOT NULL AND r.id IN (
           SELECT player_id FROM grassroots.events WHERE club_id = $1 AND match_id = $2
            UNION ALL
           SELECT p.player_id
             FROM grassroots.events AS e
             JOIN grassroots.event_participants AS p ON p.club_id = e.club_id AND p.event_id = e.id
            WHERE e.club_id = $1 AND e.match_id = $2 AND p.kind = 'substitution')),
'seasons', (
    SELECT coalesce(json_object_agg(r.season_id, json_build_object(
        'label', r.label)), '{}')
      FROM grassroots.seasons AS r
     WHERE r.club_id = $1 AND NOT r.deleted AND r.label IS NOT NULL
       AND r.season_id = (SELECT season_id FROM grassroots.matches WHERE club_id = $1 AND match_id = $2)))
