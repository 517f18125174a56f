"""The zoo: bugs that somebody could write one day, each to be caught by a suite.

A bug is put into the running product by a patch; nothing of it stands in the product itself.

python -m faultkit.zoo BUG MODULE ARGUMENT…   runs a module with a bug in it
"""

import runpy
import sys

import server.blobs
import server.config
import server.db
import server.writer

BUGS = {}


def bug(patch):
    """Put a bug into the zoo, under the name of the function that makes it."""
    BUGS[patch.__name__] = patch
    return patch


@bug
def server_flushes_only_at_checkpoints():
    """WAL with synchronous NORMAL: a commit is acknowledged while it is in memory alone."""
    prepare = server.db._prepare_writer

    def careless(connection):
        prepare(connection)
        connection.execute("PRAGMA synchronous = NORMAL")

    server.db._prepare_writer = careless


@bug
def server_answers_before_the_commit():
    """Wakes whoever waits once the work is done, and commits afterwards."""

    def hasty(self, queued):
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        for job in queued:
            self._perform(connection, job)
            server.writer._settle(job)
        connection.execute("COMMIT")

    server.writer.Writer._commit = hasty


def main(name, module, *arguments):
    """Run a module with a bug in it."""
    BUGS[name]()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
