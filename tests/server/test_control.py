import http.client
import json
import os
import stat
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from server import control as control_module
from server.control import ControlAddress, ask, call, read_control, write_control
from server.errors import LockedError, RemoteError, ServerError
from server.listener import Listener, bind
from server.lock import hold
from server.web.control import create_control_app

KEY = "k" * 64


def run(command, params):
    """Do what a running server would do."""
    match command:
        case "echo":
            return {"by": "the server", **params}
        case "refuse":
            raise ServerError("There is no unit 9.", code="unit_unknown", hint="See the list.")
        case "slow" | "import":
            Event().wait(0.5)
            return {}
        case _:
            raise ZeroDivisionError("a fault of ours")


@contextmanager
def listening(key=KEY):
    bound = bind("127.0.0.1", 0)
    with bound:
        listener = Listener(create_control_app(run, key), bound, threads=2)
        listener.start()
        try:
            yield ControlAddress(listener.port, key, "http://127.0.0.1:1/")
        finally:
            listener.stop()


@pytest.fixture
def address():
    with listening() as address:
        yield address


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "lock"


@pytest.fixture
def control(tmp_path):
    return tmp_path / "control.json"


def test_a_free_folder_is_worked_on_here(lock, control):
    result = call(lock, control, ("echo", {}), lambda: "here")

    assert result == "here"


def test_a_held_folder_is_worked_on_by_its_process(lock, control, address):
    write_control(control, address)

    with hold(lock):
        result = call(lock, control, ("echo", {"unit": "鄂尔多斯"}), lambda: "here")

    assert result == {"by": "the server", "unit": "鄂尔多斯"}


def test_an_error_of_the_other_process_is_told_as_if_it_were_ours(lock, control, address):
    write_control(control, address)

    with hold(lock), pytest.raises(RemoteError) as caught:
        call(lock, control, ("refuse", {}), lambda: "here")

    assert caught.value.code == "unit_unknown"
    assert caught.value.message == "There is no unit 9."
    assert caught.value.hint == "See the list."


def test_a_fault_of_the_other_process_is_told_and_does_not_end_it(address):
    with pytest.raises(RemoteError, match="a fault of ours"):
        ask(address, "fault", {})

    assert ask(address, "echo", {}) == {"by": "the server"}


def test_an_old_word_of_a_killed_process_does_no_harm(lock, control):
    write_control(control, ControlAddress(1, KEY, "http://127.0.0.1:1/"))

    assert call(lock, control, ("echo", {}), lambda: "here") == "here"


def test_a_folder_whose_process_takes_no_commands_is_refused_after_a_while(lock, control):
    write_control(control, ControlAddress(1, KEY, "http://127.0.0.1:1/"))

    with hold(lock), pytest.raises(LockedError, match="in use"):
        call(lock, control, ("echo", {}), lambda: "here", patience=0.2)


def test_a_folder_that_is_free_again_in_a_moment_is_waited_for(lock, control):
    is_held, is_asked = Event(), Event()

    def hold_a_moment():
        with hold(lock):
            is_held.set()
            is_asked.wait(20)

    other = Thread(target=hold_a_moment)
    other.start()
    is_held.wait(20)
    is_asked.set()

    assert call(lock, control, ("echo", {}), lambda: "here", patience=20) == "here"
    other.join()


def test_who_does_not_know_the_key_is_turned_away(address):
    with pytest.raises(ConnectionError):
        ask(ControlAddress(address.port, "wrong", address.address), "echo", {})


@pytest.mark.parametrize("headers", [{}, {"Authorization": KEY}, {"Authorization": "Bearer "}])
def test_nothing_is_said_to_a_request_without_the_key(address, headers):
    connection = http.client.HTTPConnection("127.0.0.1", address.port)
    connection.request("POST", "/control/echo", "{}", headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()

    assert answer.status == 403
    assert content == b"{}"


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_key_is_for_the_owner_of_the_folder_alone(control, address):
    write_control(control, address)
    write_control(control, address)

    assert stat.S_IMODE(control.stat().st_mode) == 0o600
    assert read_control(control) == address


@pytest.mark.parametrize("content", ["", "[]", "{", "{}", json.dumps({"port": "x"})])
def test_a_damaged_word_is_no_word(control, content):
    control.write_text(content)

    assert read_control(control) is None


def test_an_import_may_take_longer_than_other_commands(address, monkeypatch):
    monkeypatch.setattr(control_module, "_ANSWER_SECONDS", 0.05)

    with pytest.raises(RemoteError) as caught:
        ask(address, "slow", {})

    assert caught.value.code == "no_answer"
    assert ask(address, "import", {}) == {}
