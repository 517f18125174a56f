"""The three pages. They hold no data: what they show comes by the routes under /api.

GET /                   forms to fill, drafts, own entries
GET /fill/<draft>       one draft, to be filled in
GET /entries/<entry>    one entry, to be read
"""

from flask import Blueprint, render_template

bp = Blueprint("pages", __name__)


@bp.get("/")
def home() -> str:
    """Draw the list of forms, drafts and entries."""
    return render_template("page.html", page="home")


@bp.get("/fill/<draft>")
def fill(draft: str) -> str:
    """Draw a draft; the page takes its id from its own address."""
    del draft
    return render_template("page.html", page="fill")


@bp.get("/entries/<entry>")
def entry(entry: str) -> str:
    """Draw an entry; the page takes its id from its own address."""
    del entry
    return render_template("page.html", page="entry")
