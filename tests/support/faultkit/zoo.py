"""The zoo: bugs that somebody could write one day, each to be caught by a suite.

A bug is put into the running product by a patch; nothing of it stands in the product itself. Each is
a function that is given `put(owner, name, value)`: `setattr` in a process of its own, a
monkeypatch in the process of the tests.

python -m faultkit.zoo BUG MODULE ARGUMENT…   runs a module with a bug in it
"""

import runpy
import sys

import client.db
import client.journal
import server.db
import server.writer

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


def main(name, module, *arguments):
    """Run a module with a bug in it."""
    BUGS[name](setattr)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
