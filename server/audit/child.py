"""The Datasette process as the server sees it: started, watched, started again, stopped.

* It is started in the background: until it answers, `address` is None and pages say so.
* One that ends by itself is started again, after a pause that grows while it keeps ending.
* It ends with this process, however this one ends (`server.children`).
"""

import logging
import secrets
import sys
import threading
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from server.audit.agreement import HTTPS_VARIABLE, SECRET_VARIABLE
from server.children import Child
from server.errors import ServerError

_START_SECONDS = 60.0
_WATCH_SECONDS = 1.0
_LONGEST_PAUSE = 30.0
_METADATA = "datasette-metadata.json"
_LOGGER = logging.getLogger(__name__)


def metadata_path() -> Path:
    """Return the place of `datasette-metadata.json`: in the installed package, or in the sources."""
    packaged = Path(str(resources.files("server.audit") / _METADATA))
    return packaged if packaged.exists() else Path(__file__).parents[2] / _METADATA


class DatasetteChild:
    """Keeps a Datasette process running on `audit_db`, until it is stopped."""

    def __init__(
        self,
        audit_db: Path,
        cookie_key: Path,
        metadata: Path | None = None,
        *,
        is_https: bool = False,
    ) -> None:
        self.proxy_secret = secrets.token_hex(32)
        places = (audit_db, cookie_key, metadata or metadata_path())
        self._args = [sys.executable, "-m", "server.audit.run", *map(str, places)]
        self._env: Mapping[str, str] = {SECRET_VARIABLE: self.proxy_secret} | (
            {HTTPS_VARIABLE: "1"} if is_https else {}
        )
        self._thread = threading.Thread(target=self._run, name="audit-child", daemon=True)
        self._news = threading.Condition()
        self._address: tuple[str, int] | None = None  # guarded by _news, as below
        self._pid: int | None = None
        self._is_stopped = False

    @property
    def address(self) -> tuple[str, int] | None:
        """Return host and port, None while nothing answers there."""
        with self._news:
            return self._address

    @property
    def pid(self) -> int | None:
        """Return the process id, None while there is no process."""
        with self._news:
            return self._pid

    def start(self) -> None:
        """Begin to start the process; return at once."""
        self._thread.start()

    def wait_until_ready(self, timeout: float) -> bool:
        """Wait until the process answers; say whether it does."""
        with self._news:
            return self._news.wait_for(lambda: self._address is not None, timeout)

    def stop(self) -> None:
        """End the process for good."""
        with self._news:
            self._is_stopped = True
            self._news.notify_all()
        self._thread.join()

    def _run(self) -> None:
        pause = _WATCH_SECONDS
        while not self._has_stopped(0):
            was_ready = self._run_once()
            pause = _WATCH_SECONDS if was_ready else min(2 * pause, _LONGEST_PAUSE)
            if self._has_stopped(pause):
                return
            _LOGGER.warning("Datasette has ended; it is started again.")

    def _run_once(self) -> bool:
        """Run one process to its end; say whether it was ready at all."""
        child = Child(self._args, self._env, "audit pages")
        try:
            child.start()
            self._tell(None, child.pid)
            port = int(child.wait_for_line(r"^ready (\d+)$", _START_SECONDS)[1])
            self._tell(("127.0.0.1", port), child.pid)
            while child.is_running and not self._has_stopped(_WATCH_SECONDS):
                pass
        except ServerError as error:
            _LOGGER.warning("The auditors' pages could not be started: %s", error.message)
            return False
        finally:
            self._tell(None, None)
            child.stop()
        return True

    def _tell(self, address: tuple[str, int] | None, pid: int | None) -> None:
        with self._news:
            self._address, self._pid = address, pid
            self._news.notify_all()

    def _has_stopped(self, seconds: float) -> bool:
        with self._news:
            return self._news.wait_for(lambda: self._is_stopped, seconds)
