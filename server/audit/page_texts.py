"""Texts of our own pages around Datasette, zh-CN first and English beneath."""

import json
from importlib import resources

LANGUAGES = ("zh-CN", "en")


def load_texts(language: str) -> dict[str, str]:
    """Return the texts in a language by key."""
    content = resources.files("server.audit").joinpath("texts", f"{language}.json").read_bytes()
    texts: dict[str, str] = json.loads(content)
    return texts


TEXTS = {language: load_texts(language) for language in LANGUAGES}
