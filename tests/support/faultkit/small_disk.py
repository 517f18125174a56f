"""Small disks: file systems in memory, of any size, that grow when somebody makes room."""

import os
import subprocess
from contextlib import contextmanager


def can_mount(place):
    """Say whether this account may mount anything."""
    place.mkdir(exist_ok=True)
    try:
        with small_disk(place, 100):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def small_disk(place, kib):
    """Mount a disk of so many KiB, and give a function that makes it another size."""
    # In large pages, a file of a few bytes takes half a megabyte; not every kernel knows them.
    for more in (",huge=never", ""):
        try:
            _run("mount", "-t", "tmpfs", "-o", f"size={kib}k{more}", "tmpfs", place)
        except subprocess.CalledProcessError:
            if not more:
                raise
        else:
            break
    try:
        yield lambda size: _run("mount", "-o", f"remount,size={size}k", place)
    finally:
        _run("umount", "-l", place)


@contextmanager
def all_but(place, kib):
    """Fill a disk up but for so many KiB, for as long as the context lasts."""
    ballast = place / "ballast"
    system = os.statvfs(place)
    size = system.f_bavail * system.f_bsize - kib * 1024
    with ballast.open("wb") as file:
        if size > 0:
            os.posix_fallocate(file.fileno(), 0, size)
    try:
        yield
    finally:
        ballast.unlink()


def _run(*command):
    subprocess.run([*map(str, command)], check=True, capture_output=True)
