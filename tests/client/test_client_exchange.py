"""What is an answer and what is none: portals, cuts, forgeries, redirects, proxies, authorities."""

import ipaddress
import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from client.enrol import Invitation, enrol
from client.errors import NotTheServerError, UnreachableError
from client.services import open_services
from client.transport import HttpTransport
from sync.keys import SigningKey
from sync.messages import ProblemAnswer

PORTAL = b"<html><title>Free WiFi</title><form>Sign in</form></html>"


@pytest.fixture
def entry(services):
    """A saved entry that waits for the server."""
    draft = services.filling.open_blank("visit")
    services.filling.answer(draft, "title", "一", "zh-CN")
    services.finalize(draft)
    return draft


def portal(_):
    return 200, {"Content-Type": "text/html; charset=utf-8"}, PORTAL


def redirect(_):
    return 302, {"Location": "http://login.cafe.example/?next=x", "Content-Type": "text/html"}, b""


def hang_up(_):
    return None


def nothing(_):
    return 200, {}, b""


def gateway_problem(_):
    return 502, {"Content-Type": "text/html"}, b"Bad gateway"


def forged(office):
    def reply(asked):
        return office.signed(office._push(asked), key=SigningKey(os.urandom(32)))

    return reply


def replayed(office):
    old = office.honest(office.asked[-1])

    def reply(asked):
        del asked
        return old

    return reply


def cut(office):
    def reply(asked):
        status, headers, content = office.honest(asked)
        return status, {**headers, "Content-Length": str(len(content))}, content[:-20]

    return reply


def flipped(office):
    def reply(asked):
        status, headers, content = office.honest(asked)
        return status, headers, content[:60] + bytes([content[60] ^ 1]) + content[61:]

    return reply


def another_kind(office):
    def reply(asked):
        return office._changes(
            type(asked)("GET", "/v1/changes?after=0&limit=1", asked.headers, b""), ""
        )

    return reply


@pytest.mark.parametrize("reply", [portal, redirect, hang_up, nothing, gateway_problem])
def test_what_the_network_says_changes_nothing(services, office, entry, reply):
    office.next_reply(reply)

    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert services.entry(entry)["state"] == "saved"
    services.rounds.run()
    assert services.entry(entry)["state"] == "delivered"
    assert len(office.revisions) == 1


@pytest.mark.parametrize("make_reply", [forged, replayed, cut, flipped, another_kind])
def test_what_is_not_signed_to_this_request_changes_nothing(services, office, entry, make_reply):
    office.next_reply(make_reply(office))
    office.next_reply(hang_up)  # else the pull would bring what became of it

    with pytest.raises(UnreachableError):
        services.rounds.run()

    assert services.entry(entry)["state"] == "saved"
    services.rounds.run()
    assert services.entry(entry)["state"] == "delivered"
    assert len(office.revisions) == 1


def test_a_portal_is_named_as_what_it_is(services, office):
    office.next_reply(portal)

    with pytest.raises(NotTheServerError) as caught:
        services.rounds.run()

    assert "sign-in page" in caught.value.hint


def test_a_redirect_is_not_followed(services, office):
    office.next_reply(redirect)

    with pytest.raises(NotTheServerError, match=r"login\.cafe\.example"):
        services.rounds.run()


def test_a_signed_refusal_is_told_with_when_to_ask_again(services, office):
    office.problem = lambda asked: ProblemAnswer(
        **office.stamp(asked), status=503, code="storage_full", message="Full.", retry_after=30
    )

    done = services.rounds.run()

    assert (done["problem"]["code"], done["retry_after"]) == ("storage_full", 30)


def test_an_answer_without_end_is_given_up(services, office, monkeypatch):
    monkeypatch.setattr("client.transport.LARGEST_ANSWER", 1000)
    office.next_reply(lambda _: (200, {}, bytes(100_000)))

    with pytest.raises(UnreachableError, match="too large"):
        services.rounds.run()


def test_a_line_that_is_slow_to_carry_a_body_is_waited_for(office, monkeypatch):
    monkeypatch.setattr("client.transport.NO_PROGRESS_SECONDS", 0.05)
    transport, never = HttpTransport(office.url), threading.Event()

    def answer_late(_):
        never.wait(0.5)
        return 200, {}, b"late"

    office.next_reply(answer_late)
    reply = transport.send("POST", "/v1/push", headers={}, body=bytes(50_000))

    transport.close()
    assert reply.content == b"late"
    assert len(office.asked[-1].body) == 50_000


def test_a_server_that_never_answers_is_given_up(services, office, monkeypatch):
    monkeypatch.setattr("client.transport.NO_PROGRESS_SECONDS", 0.2)
    done = threading.Event()

    def stall(_):
        done.wait(5)

    office.next_reply(stall)

    with pytest.raises(UnreachableError):
        services.rounds.run()
    done.set()


def test_the_password_file_of_other_programs_is_not_sent(services, office, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login li password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))

    services.rounds.run()

    assert all(asked.headers["authorization"].startswith("Tianbao ") for asked in office.asked[1:])


@pytest.fixture
def proxy(wire):
    """A forward proxy that knows where `tianbao.example` is."""
    targets = []

    class Handler(wire):
        def _serve(self):
            targets.append(self.path)
            self.path = self.path.removeprefix("http://tianbao.example")
            super()._serve()

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names that http.server looks for

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", targets
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_proxy_of_the_environment_is_used(home, office, proxy, monkeypatch):
    address, targets = proxy
    monkeypatch.setenv("http_proxy", address)

    with open_services(home) as services:
        enrol(services, Invitation("http://tianbao.example", office.invite()))
        services.rounds.run()

        assert services.forms()
        assert services.status()["warnings"][0]["code"] == "plain_http"
    assert all(target.startswith("http://tianbao.example/v1/") for target in targets)


def test_a_server_on_this_computer_is_reached_without_the_proxy(services, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    services.rounds.close()

    assert services.rounds.run()["left"] is False
    codes = [each["code"] for each in services.status()["warnings"]]
    assert "plain_http" not in codes


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def authority(tmp_path):
    """A private authority that vouches for itself as 127.0.0.1: paths of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Office")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "ca.pem").write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "ca.key").write_bytes(private)
    return tmp_path / "ca.pem", tmp_path / "ca.key"


@pytest.fixture
def https_address(wire, authority):
    server = ThreadingHTTPServer(("127.0.0.1", 0), wire)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_unknown_authority_is_not_trusted(blank, office, https_address):
    with pytest.raises(UnreachableError) as caught:
        enrol(blank, Invitation(https_address, office.invite()))

    assert caught.value.code == "certificate"
    assert "--ca" in caught.value.hint


def test_a_private_authority_is_remembered(home, office, https_address, authority):
    with open_services(home) as services:
        enrol(services, Invitation(https_address, office.invite(), authority[0]))
    authority[0].unlink()

    with open_services(home) as services:
        services.rounds.run()

        assert services.forms()
        assert services.status()["warnings"] == []
