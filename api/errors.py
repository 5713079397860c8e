"""Errors on the wire: RFC 9457 problems, each with a stable code, and one table from code to HTTP status.

A body never repeats the query, a token or what was sent. Another club's id is answered like one that does not exist.
An error of ours is logged under the request's id, and only that id is told.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from api.observe import FAILURE, request_id_of
from storage.outages import is_outage
from sync.errors import MalformedRequest, SessionEnded, SyncError
from sync.messages import encode

PROBLEM: Final = "application/problem+json"
RETRY_AFTER_S: Final = 2
"""Seconds a client waits after a 503: a restart takes one, and phones add a jitter of their own."""


class Unauthorised(SessionEnded):
    """The request does not say who asks, or its token is not good any more."""


class WrongPassword(SyncError):
    """The e-mail address and the password do not belong together."""

    code = "wrong_password"
    title = "The e-mail address or the password is wrong"

    def __init__(self) -> None:
        """Say the same whether the address is known or not."""
        super().__init__("Check both and sign in again.")


class Forbidden(SyncError):
    """The caller is known, and may not do this."""

    code = "forbidden"
    title = "You may not do this"


class AccessEnded(SyncError):
    """The caller was let into the club, as a member or by a scorer's link, and is not any more."""

    code = "access_ended"
    title = "Your access to this club has ended"

    def __init__(self, ended_at: int | None = None, kept: Sequence[int] = ()) -> None:
        """Give the order to forget, the time in milliseconds, and which counters of a push the server holds."""
        super().__init__(
            "You are no longer a member of this club, or your link has ended. Push what this device had not sent yet: "
            "it is kept for the coach. Then forget the club's data on it.",
            {"forget": True, "ended_at": ended_at, "kept": list(kept)},
        )


class WrongDevice(SyncError):
    """A push for one device came with the token of another."""

    code = "wrong_device"
    title = "The token is another device's"

    def __init__(self) -> None:
        """Say how to get the right one."""
        super().__init__("Refresh the token with this `device_id`, and push again.")


class NotFound(SyncError):
    """There is no such thing here, or it is another club's: the two are not told apart."""

    code = "not_found"
    title = "There is no such thing here"

    def __init__(self, what: str = "There is nothing at this address.") -> None:
        """Say what was looked for."""
        super().__init__(what)


class LinkEnded(SyncError):
    """A share link that opens nothing: it never was, has expired or was revoked, or its match is gone."""

    code = "link_ended"
    title = "This link does not open anything"

    def __init__(self) -> None:
        """Say the same of every such link."""
        super().__init__("It may have expired, or somebody of the club has ended it. Ask them for a new one.")


class WrongContentType(SyncError):
    """A body that is not declared as JSON."""

    code = "wrong_content_type"
    title = "The body must be JSON"

    def __init__(self) -> None:
        """Say what to send."""
        super().__init__("Send the header `Content-Type: application/json`.")


class CompressedBody(SyncError):
    """A body that is compressed: a small one could unfold to a huge one, so none is taken."""

    code = "compressed_body"
    title = "The body must not be compressed"

    def __init__(self) -> None:
        """Say what to leave out."""
        super().__init__("Send the body as it is, without the header `Content-Encoding`.")


class EmailInUse(SyncError):
    """Somebody has registered this e-mail address."""

    code = "email_taken"
    title = "This e-mail address is registered"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("Sign in with it, or register another one.")


class WeakPassword(SyncError):
    """A password that many people have, or that is too short once it is written in one way."""

    code = "weak_password"
    title = "This password is too easy to guess"

    def __init__(self) -> None:
        """Say what is better."""
        super().__init__("Choose one of at least 8 characters that others do not have: four random words are good.")


class LastOwnerStays(SyncError):
    """A club would be left without an owner."""

    code = "last_owner"
    title = "The club needs an owner"

    def __init__(self) -> None:
        """Say what to do first."""
        super().__init__("Make another member an owner first, then change or remove this one.")


class SoleOwnerStays(SyncError):
    """Somebody who would delete their account is the only owner of clubs that others belong to."""

    code = "sole_owner"
    title = "You are the only owner of a club with other members"

    def __init__(self, club_ids: Sequence[str]) -> None:
        """Name the clubs."""
        super().__init__(
            "Make another member of each of `clubs` an owner, or remove the others, and send again. Nothing was "
            "deleted.",
            {"clubs": list(club_ids)},
        )


class InvitationEnded(SyncError):
    """An invitation or a scorer's link is there, and cannot be used any more."""

    code = "invitation_ended"
    title = "This link has ended"

    def __init__(self) -> None:
        """Say whom to ask; why it ended is not told."""
        super().__init__("It was revoked, used up or has expired. Ask whoever sent it for a new one.")


class Exists(SyncError):
    """A record of this id is there, with other values."""

    code = "exists"
    title = "There is such a record, and it differs"


class VersionMismatch(SyncError):
    """The record is not at the version that If-Match names."""

    code = "version_mismatch"
    title = "The record has changed"

    def __init__(self, current: object) -> None:
        """Show the record as it is."""
        super().__init__("Look at `current`, decide, and send again with its version.", {"current": current})


class Rejected(SyncError):
    """The write was understood and cannot be applied."""

    code = "rejected"
    title = "The write cannot be applied"

    def __init__(self, *, code: str, sentence: str, field: str | None = None) -> None:
        """Tell the rule that it breaks, and the field where there is one."""
        super().__init__(sentence, {"rule": code, "field": field})


class ProtocolUnsupported(SyncError):
    """The client speaks a protocol that this server does not."""

    code = "protocol_unsupported"
    title = "This app is too old or too new for the server"

    def __init__(self, *, least: int, newest: int) -> None:
        """Name the window; queued writes were accepted before this is said."""
        super().__init__("Update the app. What it had queued can still be pushed.", {"least": least, "newest": newest})


class TooManyRequests(SyncError):
    """The caller asks more often than it may."""

    code = "too_many_requests"
    title = "Too many requests"


class Unavailable(SyncError):
    """The server cannot do it just now, and nothing was answered yet."""

    code = "unavailable"
    title = "The server cannot do this just now"

    def __init__(self, detail: str = "The database is busy or away. Send the same request again in a moment.") -> None:
        """Say what is away."""
        super().__init__(detail)


NOT_NOTED: Final = "Nothing was {}: the server cannot write its ledger of erasures. Tell who runs it, then try again."
"""Said as `Unavailable` where something is not done since it could not be noted."""


class Fault(SyncError):
    """A mistake of ours."""

    code = "internal"
    title = "The server made a mistake"


class WrongMethod(SyncError):
    """The address is right, and the method is not."""

    code = "wrong_method"
    title = "This address does not take that method"


STATUS: Final[Mapping[str, int]] = {
    "malformed": 400,
    "unauthorised": 401,
    "wrong_password": 401,
    "forbidden": 403,
    "access_ended": 403,
    "wrong_device": 403,
    "not_found": 404,
    "link_ended": 404,
    "wrong_method": 405,
    "log_diverged": 409,
    "device_forked": 409,
    "device_taken": 409,
    "email_taken": 409,
    "last_owner": 409,
    "sole_owner": 409,
    "exists": 409,
    "cursor_expired": 410,
    "invitation_ended": 410,
    "version_mismatch": 412,
    "too_large": 413,
    "compressed_body": 415,
    "wrong_content_type": 415,
    "rejected": 422,
    "weak_password": 422,
    "protocol_unsupported": 426,
    "too_many_requests": 429,
    "internal": 500,
    "unavailable": 503,
}
"""Code -> HTTP status. 4xx: not applied, and the request must change; 5xx: send the same again."""


class TooLargeBody(SyncError):
    """The framework stopped reading a body that grew past every bound."""

    code = "too_large"
    title = "The request is too large"


_BY_STATUS: Final[Mapping[int, SyncError]] = {
    401: Unauthorised(),
    403: Forbidden("You may not do this."),
    404: NotFound(),
    405: WrongMethod("The documentation at /docs names the methods that it takes."),
    413: TooLargeBody("The body is larger than the server takes at once; send less."),
    415: WrongContentType(),
    429: TooManyRequests("Wait as long as `Retry-After` says."),
}
"""What the framework refuses by itself, in words of ours."""


_log: Final = structlog.get_logger("touchline.errors")


def problem(error: SyncError, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the answer that an error makes: its values stand beside RFC 9457's own members."""
    status = STATUS[error.code]
    if status >= STATUS["internal"]:
        note_failure(request, error)
    body = body_of(error, f"urn:touchline:request:{request_id_of(request.scope)}")
    return Response(encode(body), status_code=status, media_type=PROBLEM, headers=_headers(error, status))


def note_failure(request: Request[Any, Any, Any], error: Exception) -> None:
    """Leave with a request what its answer of 5xx came of, the first that is noted."""
    scope: Any = request.scope
    scope.setdefault(FAILURE, error)


def body_of(error: SyncError, instance: str) -> dict[str, object]:
    """Return the members of a problem; `instance` names the request."""
    return {
        **error.values,
        "type": f"urn:touchline:problem:{error.code}",
        "title": error.title,
        "status": STATUS[error.code],
        "detail": error.detail,
        "instance": instance,
        "code": error.code,
    }


def _headers(error: SyncError, status: int) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if status == STATUS["unavailable"] or status == STATUS["too_many_requests"]:
        headers.update(rate_headers(error))
    if isinstance(error, CompressedBody):
        headers["Accept-Encoding"] = "identity"
    if isinstance(error, SessionEnded):
        headers["WWW-Authenticate"] = 'Bearer realm="touchline"'
    return headers


def rate_headers(error: SyncError) -> dict[str, str]:
    """Return when to come again, and where a budget is used up, that budget (draft-ietf-httpapi-ratelimit-headers)."""
    values = error.values
    headers = {"Retry-After": str(values.get("retry_after_s", RETRY_AFTER_S))}
    if "window_s" in values:
        headers["RateLimit-Policy"] = f'"{values["limit"]}";q={values["number"]};w={values["window_s"]}'
        headers["RateLimit"] = f'"{values["limit"]}";r=0;t={values["retry_after_s"]}'
    return headers


def answer_sync_error(request: Request[Any, Any, Any], error: SyncError) -> Response[bytes]:
    """Answer a peer's mistake."""
    return problem(error, request)


def answer_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what the framework refused, in words of ours: its own may repeat the address and the query."""
    if isinstance(error, ValidationException):
        return problem(_validation(error), request)
    if error.status_code >= STATUS["internal"]:
        return answer_any_error(request, error)
    unreadable = MalformedRequest(path="$", problem="is not a well-formed request for this address")
    return problem(_BY_STATUS.get(error.status_code, unreadable), request)


def _validation(error: ValidationException) -> MalformedRequest:
    """Name the parameter that was wrong, never its value."""
    extra: Any = error.extra
    found: dict[str, Any] = {}
    found.update(extra[0] if isinstance(extra, list) and extra else {})  # pyright: ignore[reportUnknownArgumentType]
    key, message = str(found.get("key", "$"))[:100], str(found.get("message", "cannot be used"))[:300]
    return MalformedRequest(path=key, problem=f"is wrong: {_QUOTED.sub('', message)}")


_QUOTED: Final = re.compile(r" *(['\"]).*\1", re.DOTALL)
"""What the framework quotes of a value: it may be a secret in the wrong place."""


def answer_any_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer everything else: the world's errors are worth a retry, ours are logged and owned up to."""
    if isinstance(error, LookupError) and type(error) is LookupError:
        return problem(NotFound(), request)
    note_failure(request, error)
    if is_outage(error):
        _log.warning("database_unavailable", request_id=request_id_of(request.scope), error=type(error).__name__)
        return problem(Unavailable(), request)
    _log.error("unhandled", request_id=request_id_of(request.scope), exc_info=error)
    return problem(Fault("It has been noted under the id in `instance`. Send the same request again later."), request)


HANDLERS: Final[Any] = {
    SyncError: answer_sync_error,
    HTTPException: answer_http_error,
    Exception: answer_any_error,
}
