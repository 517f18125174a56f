"""Which entries a page asks for, as it stands in the address."""

from flask import Request

from client.selecting import ALL, Wish

DEFAULT, MOST = 200, 5000
_LAST = 2**63


def asked_wish(request: Request) -> Wish:
    """Return what a request wants to be listed; what makes no sense counts as not said."""
    asked = request.args
    limit, before = asked.get("limit", DEFAULT, int), asked.get("before", -1, int)
    return Wish(
        show=asked.get("show", ALL),
        find=asked.get("find", ""),
        limit=limit if 0 < limit <= MOST else DEFAULT,
        before=before if 0 <= before < _LAST else None,
    )
