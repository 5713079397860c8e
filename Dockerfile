# syntax=docker/dockerfile:1
# The server as `make serve` runs it, for fly.toml or any container host.
# With no DATABASE_URL it starts its own PostgreSQL in /data: give that a volume, and run one container only.
# Elsewhere than on Fly.io start it with `docker run --init`, so that an ended database process is reaped.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
WORKDIR /app

RUN useradd --system --create-home --uid 10001 touchline && install -d -o touchline -g touchline -m 0700 /data

COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/runtime.txt

COPY schema.sql ./
COPY data/matches data/matches
COPY sync sync
COPY football football
COPY storage storage
COPY realtime realtime
COPY api api
COPY web/app.webmanifest web/index.html web/sw.js web/touchline.js web/
COPY web/app web/app
COPY web/football web/football
COPY web/icons web/icons
COPY web/sync web/sync
COPY web/viewer web/viewer
RUN python -m compileall -q sync football storage realtime api

# `docker exec <container> touchline doctor`, as the user who may talk to the database.
COPY --chmod=0755 <<'SH' /usr/local/bin/touchline
#!/bin/sh
exec as-touchline python -m api.cli "$@"
SH

# A fresh volume belongs to root: root hands it over and steps down before anything of ours runs.
COPY --chmod=0755 <<'SH' /usr/local/bin/as-touchline
#!/bin/sh
set -eu
if [ "$(id -u)" = 0 ]; then
    chown touchline:touchline "$DATA_DIR"
    export HOME=/home/touchline
    exec setpriv --reuid=touchline --regid=touchline --init-groups --no-new-privs "$@"
fi
exec "$@"
SH

VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD \
    python -c 'import os, urllib.request as u; u.urlopen("http://127.0.0.1:%s/health/ready" % os.environ["PORT"], timeout=4)'

ENTRYPOINT ["as-touchline"]
CMD ["python", "-m", "api.cli", "serve"]
