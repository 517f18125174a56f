"""What a request is about: the services of the home that is open, and the language it is asked in."""

from typing import cast

from flask import current_app, request

from client.services import Services


def services() -> Services:
    """Return the services that the pages are of."""
    return cast(Services, current_app.extensions["services"])


def language() -> str:
    """Return the language that a request asks for."""
    return request.args.get("language", "zh-CN")
