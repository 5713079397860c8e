"""The document's examples of bodies, sent as they stand but for what only a club knows: its ids, secrets and times."""

import pytest

from tests.security.bodies import with_own
from tests.security.conftest import Site
from tests.security.world import id_at

pytestmark = pytest.mark.postgres

IN_THE_WAY = {
    "POST /api/auth/login": "wrong_password",
    "POST /api/auth/scorer": "not_found",
    "DELETE /api/auth/account": "sole_owner",
    "POST /api/erasures": "not_found",
    "POST /api/sync/push": "device_forked",
    "POST /api/matches/{match_id}/periods": "wrong_order",
    "POST /api/matches/{match_id}/periods/{number}/pause": "wrong_order",
    "POST /api/matches/{match_id}/periods/{number}/resume": "wrong_order",
}
"""What stands in the way of a good body in this world: a secret or an id that is another, a period that was played."""


async def test_examples_of_bodies_are_taken(site: Site) -> None:
    """Whoever copies a body from the document, and writes their own ids into it, is not refused for it."""
    wrong = []
    asked = [each for each in site.contract.operations if each.kind is not None]
    for operation in asked:
        target = operation.at({name: id_at(site.red, word) for word, name in operation.places})
        headers = [(b"content-type", str(operation.kind).encode())]
        answer = await site.wire.ask(
            operation.method,
            target,
            token=site.red.tokens["owner"],
            headers=headers,
            body=operation.sent(with_own(operation.example, site.red, "owner", operation)),
        )
        refusal = answer.json() if answer.status >= 400 else {}
        if refusal.get("rule", refusal.get("code")) != IN_THE_WAY.get(str(operation)):
            wrong.append(f"{operation}: {answer.status} {answer.code} {answer.body[:300]!r}")
        await site.behind.put_back()
    assert len(asked) > 40
    assert not wrong, "\n".join(wrong)
