"""The thread that follows the log while the server runs."""

import time

from server.projection.worker import ProjectionWorker

PATIENCE = 10.0


def shows(book, count):
    """Wait until so many entries are shown; say whether they are."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        is_made = book.services.folder.audit_db.exists()
        if is_made and len(entries(book)) == count:
            return True
        time.sleep(0.02)
    return False


def entries(book):
    if not book.look("select 1 from sqlite_schema where name = 'entries'"):
        return []
    return book.look("select * from entries")


def test_what_is_acknowledged_is_visible_soon_after(book, contests):
    worker = ProjectionWorker(book.projector)
    worker.start()
    book.services.writer.on_commit(worker.wake)
    try:
        book.hand_in("attachment-2", contests("供水"))

        assert shows(book, 1)
    finally:
        worker.stop()


def test_a_failure_is_logged_and_tried_again(book, contests, monkeypatch, caplog):
    monkeypatch.setattr("server.projection.worker.RETRY_SECONDS", 0.01)
    real, failures = book.projector.catch_up, [OSError("no disk"), OSError("no disk")]

    def catch_up():
        if failures:
            raise failures.pop()
        return real()

    monkeypatch.setattr(book.projector, "catch_up", catch_up)
    book.hand_in("attachment-2", contests("供水"))
    worker = ProjectionWorker(book.projector)
    worker.start()
    try:
        assert shows(book, 1)
    finally:
        worker.stop()

    assert "falls behind" in caplog.text
