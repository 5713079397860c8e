"""Benchmarks: what pushes, pulls and catch-ups cost beside the bare database (`make bench`).

    python -m bench                    all of it, five minutes at the most
    python -m bench --quick            two pairs of small rounds: does it work?
    python -m bench --only push-one    the trials whose name holds this
    python -m bench --json FILE        every single figure too
    python -m bench --profile push-one the engine's hottest functions, instead of the table (or push-many, pull)

Everything runs on this machine, over loopback, against a server and a database of the benchmark's own. The database
keeps its promises (`fsync`, `full_page_writes` and `synchronous_commit` are on; it is asked), and lies on a disk.

Each trial is measured beside a reference: the same bytes moved by asyncpg alone, into or out of one plain table of the
same PostgreSQL server, by as many connections. Ours and the reference take turns, five times, so that whatever else
the machine does meets both; a row shows the medians, and in brackets the least and the greatest of them.

The ratio is ours to the reference, pair by pair: 0.25 means that the bare driver is four times as fast. It is the
figure to compare between machines and days: rates vary twofold between runs, ratios much less. For times (ms) it is
turned round, so that more is better in every row.

    push-one    16 devices push batches of 100 events, each with all its fields and each batch a match of its own, into
                one club: they queue for its counter row, which is what makes version order commit order.
                Reference: the same rows, 100 a transaction (`executemany`), over 16 connections
    push-many   the same into 16 clubs: nobody queues for anybody
    pull        one device pulls 10,000 changes in pages of 48 KiB. Reference: `SELECT` of the same bytes, page by page
    catchup     8 devices at once pull the 100 newest changes (two pages), again and again; the time of one.
                Reference: `SELECT` of the same bytes over 8 connections
    live        50 live matches in 10 clubs: in each, each second, an event is logged and the match is read as a phone
                shows it; the time of either. Reference: `GET /health/live` of the same server at the same pace
    sockets     200 and 1,000 viewers on one feed and on 50; five events a second. The time from sending an event until
                a viewer has its frame; frames for each second of the server's processor, with the pushes' own part in
                it, and of the fan-out alone (less what the same pushes took before one viewer, in the same round);
                memory of each. `--many` adds 5,000, and how many of 5,000 who come at once are in after 10, 20 and
                30 seconds, and what each cost. With `WORKERS=2` in the environment the server is two processes, and
                figures are of both. Reference: a bare uvloop server that is handed the same bytes and writes them to
                as many connections

`-http` is the real server in a process of its own, on one core at the most. `-engine` is `storage.engine.Engine` in the
benchmark's process, from a request's bytes to its answer's: what lies between the two is the price of HTTP, sign-in
and routing. Clients and reference run in another process, so that they take no turn of the server's loop; they share
the machine's cores with it all the same.
"""
