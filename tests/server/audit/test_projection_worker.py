"""The thread that follows the log while the server runs."""

from server.projection.worker import ProjectionWorker


def test_what_is_acknowledged_is_visible_soon_after(book, contests):
    worker = ProjectionWorker(book.projector)
    worker.start()
    book.services.writer.on_commit(worker.wake)
    try:
        book.hand_in("attachment-2", contests("供水"))
        with book.services.readers.read() as connection:
            last = connection.execute("select max(idx) from leaf").fetchone()[0]

        assert worker.wait_until(last, timeout=10)
        assert len(book.look("select * from entries")) == 1
    finally:
        worker.stop()


def test_waiting_for_what_is_not_there_ends(book):
    worker = ProjectionWorker(book.projector)
    worker.start()
    try:
        assert not worker.wait_until(10_000, timeout=0.05)
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
        assert worker.wait_until(7, timeout=10)
    finally:
        worker.stop()

    assert "falls behind" in caplog.text
