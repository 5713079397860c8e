"""The table of docs/metrics.md, and docs/alerts.yml: made of the metrics and of what each is good for."""

import json
from pathlib import Path
from typing import Final

from api.alerts import READINGS, Alert
from api.metrics import METRICS, Told

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs"
BEGIN: Final = "<!-- metrics: made by `make docs` from `api/metrics.py` and `api/alerts.py` -->\n"
END: Final = "<!-- /metrics -->\n"
CHARTS: Final = "none: for charts"

_ALERTS: Final = """\
# Rules for Prometheus (rule_files), made by `make docs` from api/alerts.py: change them there.
# The runbook says what to do. `severity` is when somebody should see to it: now, or this week.
groups:
  - name: touchline
    rules:
"""


def metrics_page() -> str:
    """Return docs/metrics.md: what is written there by hand, with the table as it is now."""
    page = (FOLDER / "metrics.md").read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    assert after, "docs/metrics.md has the two marks of its table"
    return f"{before}{BEGIN}{''.join(_row(name, told) for name, told in METRICS.items())}{END}{after}"


def _row(name: str, told: Told) -> str:
    reading = READINGS[name]
    labels = ", ".join(f"`{label}`" for label in told.labels)
    alert = CHARTS if reading.alert is None else f"{reading.alert.name}: `{reading.alert.when}`"
    words = reading.see.replace("-", " ")
    return f"| `{name}` | {told.type} | {labels} | {told.meaning} | {alert} | [{words}](runbook.md#{reading.see}) |\n"


def alerts_page() -> str:
    """Return docs/alerts.yml."""
    return _ALERTS + "".join(_rule(reading.alert, reading.see) for reading in READINGS.values() if reading.alert)


def _rule(alert: Alert, see: str) -> str:
    """Return a rule; a JSON text is a YAML one too."""
    return (
        f"      - alert: {alert.name}\n"
        f"        expr: {json.dumps(alert.when)}\n"
        f"        for: {alert.minutes}m\n"
        f"        labels: {{severity: {alert.severity}}}\n"
        f"        annotations:\n"
        f"          summary: {json.dumps(alert.says)}\n"
        f"          runbook: docs/runbook.md#{see}\n"
    )
