"""One start of the local pages: whom its tokens let in, and who gets to see them."""

import pytest
from click.testing import CliRunner

from client.cli.fill import fill
from client.web.app import create_app
from client.web.launch import new_launch

PORT = 8620
OWN = f"http://127.0.0.1:{PORT}"


def test_the_address_that_a_browser_is_started_with_lets_in_once(services):
    launch = new_launch(PORT, b"s" * 32)
    client = create_app(services, launch).test_client(use_cookies=False)
    once = launch.address_once.partition("#token=")[2]

    answers = [
        client.post("/session", json={"token": token}, base_url=OWN)
        for token in (once, once, launch.token)
    ]

    assert [answer.status_code for answer in answers] == [200, 401, 200]


@pytest.mark.usefixtures("enrolled_home")
def test_the_token_of_the_whole_launch_is_no_argument_of_the_browser(home, monkeypatch):
    opened = []

    def look_and_end(address):
        opened.append(address)
        raise KeyboardInterrupt

    monkeypatch.setattr("webbrowser.open", look_and_end)

    shown = CliRunner().invoke(fill, ["--port", "0"], obj=home).stdout

    assert "#token=" in opened[0]
    assert opened[0] not in shown
