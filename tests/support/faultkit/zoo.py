"""The zoo: bugs that somebody could write one day, each to be caught by a suite.

A bug is put into the running product by a patch; nothing of it stands in the product itself. Each is
a function that is given `put(owner, name, value)`: `setattr` in a process of its own, a
monkeypatch in the process of the tests.

python -m faultkit.zoo BUG MODULE ARGUMENT…   runs a module with a bug in it
"""

import dataclasses
import runpy
import sys

import client.db
import client.device
import client.high_water
import client.journal
import client.outbox
import client.pull
import client.push
import client.replica
import client.revisions
import client.saving
import client.views
import server.db
import server.writer
from client.errors import NotTheServerError, UnreachableError
from sync.messages import ItemResult, ItemState

BUGS = {}


def bug(patch):
    """Put a bug into the zoo, under the name of the function that makes it."""
    BUGS[patch.__name__] = patch
    return patch


def _with_pragma(module, name, pragma):
    """Return a way to prepare a connection that changes a setting behind the back of the checks."""
    prepare = getattr(module, name)

    def careless(connection):
        prepare(connection)
        connection.execute(pragma)

    return careless


@bug
def server_flushes_only_at_checkpoints(put):
    """WAL with synchronous NORMAL: a commit is acknowledged while it is in memory alone."""
    pragma = "PRAGMA synchronous = NORMAL"
    put(server.db, "_prepare_writer", _with_pragma(server.db, "_prepare_writer", pragma))


@bug
def server_never_flushes(put):
    """Synchronous OFF: the system writes when it likes."""
    pragma = "PRAGMA synchronous = OFF"
    put(server.db, "_prepare_writer", _with_pragma(server.db, "_prepare_writer", pragma))


@bug
def server_answers_before_the_commit(put):
    """Wakes whoever waits once the work is done, and commits afterwards."""

    def hasty(self, queued):
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        for job in queued:
            self._perform(connection, job)
            server.writer._settle(job)
        connection.execute("COMMIT")

    put(server.writer.Writer, "_commit", hasty)


@bug
def client_never_flushes_its_database(put):
    """Synchronous OFF on the device: the journal of files alone would save it, once, not twice."""
    pragma = "PRAGMA synchronous = OFF"
    put(client.db, "_configure", _with_pragma(client.db, "_configure", pragma))


@bug
def client_journal_is_not_flushed(put):
    """Appends the frame and says saved while it is in the system's memory."""
    put(client.journal, "flush", lambda descriptor: None)


@bug
def client_forgets_the_folder_of_a_new_segment(put):
    """Flushes the journal's file, and not its name."""
    put(client.journal, "flush_directory", lambda folder: None)


@bug
def client_says_saved_before_the_commit(put):
    """Tells the person while the transaction is still open."""
    real = client.saving.Saver._commit

    def hasty(self, wording, profile, parents):
        with self._db.transaction():
            link = client.saving.next_link(self._db, self._device)
            signed = self._sign(wording, profile, link, parents)
        self._late = (real, wording, profile, parents)
        return signed

    put(client.saving.Saver, "_commit", hasty)
    put(client.saving.Saver, "_check", lambda *_: None)


@bug
def client_delivers_what_it_sends(put):
    """Calls a revision delivered once it was sent, whatever comes back."""
    real = client.push.Pusher._ask

    def hasty(self, exchange, batch):
        with self._db.transaction():
            for index, item in enumerate(batch):
                self._revisions.apply(ItemResult(item.digest, ItemState.LOGGED, index))
        return real(self, exchange, batch)

    put(client.push.Pusher, "_ask", hasty)


@bug
def client_believes_a_portal(put):
    """Takes any page with status 200 for the server's word."""
    real = client.push.Pusher._ask

    def gullible(self, exchange, batch):
        try:
            return real(self, exchange, batch)
        except NotTheServerError as error:
            if "status 200" not in error.message:
                raise
            return [ItemResult(each.digest, ItemState.LOGGED, 0) for each in batch]

    put(client.push.Pusher, "_ask", gullible)


@bug
def client_gives_up_when_nobody_answers(put):
    """Sets aside for good what the network did not carry once."""
    real = client.push.Pusher._after_failure

    def impatient(self, batch, error, errand):
        if type(error) is UnreachableError:
            with self._db.transaction():
                for item in batch:
                    self._revisions.set_damaged_aside(item.digest)
        real(self, batch, error, errand)

    put(client.push.Pusher, "_after_failure", impatient)


@bug
def client_queues_by_the_wall_clock(put):
    """Leaves what seems to be made in the future for later."""
    real = client.outbox.Outbox._choose

    def punctual(self, limit, max_bytes, skip):
        chosen = real(self, limit, max_bytes, skip)
        rows = self._db.rows("SELECT digest FROM revision WHERE made_at > '2030'")
        return [digest for digest in chosen if digest not in {row["digest"] for row in rows}]

    put(client.outbox.Outbox, "_choose", punctual)


@bug
def client_deletes_after_sending(put):
    """Makes room as soon as the server has it: the entry is gone from the device that made it."""
    real = client.revisions.Revisions.apply

    def tidy(self, result):
        real(self, result)
        if result.state is ItemState.LOGGED:
            self.withdraw(result.digest)

    put(client.revisions.Revisions, "apply", tidy)


@bug
def client_goes_on_with_a_copy(put):
    """Takes a home that was put back for the one that it was: its chain forks."""
    put(client.device, "_is_copy", lambda *_: False)
    put(client.high_water.HighWater, "reached", lambda *_: 0)


@bug
def client_forgets_which_log_it_followed(put):
    """Does not notice that the server came back from a backup."""
    real = client.pull.read_setting
    put(client.pull, "start_over", lambda *_: None)
    put(client.pull, "read_setting", lambda db, name: None if name == "leaf" else real(db, name))
    put(client.pull, "_not_told", lambda *_: [])


@bug
def last_writer_wins(put):
    """Shows the preferred head alone, and lists nothing."""
    real = client.views.merged_view

    def simple(revisions, definition, forms):
        view = real(revisions, definition, forms)
        head = revisions[view.heads[0]]
        return dataclasses.replace(view, answers=head.answers, reasons=head.reasons, contested=())

    put(client.replica, "merged_view", simple)


@bug
def conflicts_are_not_listed(put):
    """Merges rightly, and keeps what is contested to itself."""
    put(client.replica.Replica, "conflicts", lambda self: {})


@bug
def heads_are_ordered_by_arrival(put):
    """Prefers the head that came last: two devices show different things."""
    real = client.replica.merged_view

    def latest(revisions, definition, forms):
        view = real(revisions, definition, forms)
        last = list(revisions)[len(view.heads) - 1]
        return dataclasses.replace(view, answers=revisions[last].answers, contested=())

    put(client.replica, "merged_view", latest)


def main(name, module, *arguments):
    """Run a module with a bug in it."""
    BUGS[name](setattr)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
