"""Enrolment: both sides prove that they know the code, or nothing is kept."""

import dataclasses
import os

import pytest

from client.enrol import Invitation, enrol, server_address
from client.errors import EnrolmentError, InputError, NotTheServerError, RefusedError
from client.services import open_services
from sync.errors import CodeError
from sync.invitation import make_code
from sync.keys import SigningKey


def test_a_code_makes_the_device_a_members(blank, office):
    profile = enrol(blank, Invitation(office.url, office.invite()))

    assert (profile.member_name, profile.unit) == ("张三", "north")
    assert profile.answer_key == office.key.public
    assert blank.profile == profile


def test_the_code_never_travels(blank, office):
    code = office.invite()

    enrol(blank, Invitation(office.url, code))

    assert code.encode() not in office.asked[0].body
    assert "authorization" not in office.asked[0].headers


def test_an_enrolled_home_is_not_enrolled_again(services, office):
    with pytest.raises(EnrolmentError) as caught:
        enrol(services, Invitation(office.url, office.invite()))

    assert caught.value.code == "already_enrolled"


def test_an_answer_that_was_lost_costs_nothing(home, office):
    code = office.invite()

    def lose(asked):
        office.honest(asked)

    office.next_reply(lose)
    with open_services(home) as services, pytest.raises(Exception, match="cannot be reached"):
        enrol(services, Invitation(office.url, code))

    with open_services(home) as services:
        enrol(services, Invitation(office.url, code))

    assert len(office.devices) == 1


def test_an_unknown_code_is_refused_by_the_server(blank, office):
    with pytest.raises(RefusedError) as caught:
        enrol(blank, Invitation(office.url, make_code(os.urandom(13))))

    assert caught.value.code == "code_unknown"
    assert blank.profile is None


def test_a_mistyped_code_does_not_leave_the_device(blank, office):
    with pytest.raises(CodeError):
        enrol(blank, Invitation(office.url, "7K3QD"))

    assert office.asked == []


def test_a_portal_is_no_server(blank, office):
    office.next_reply(lambda _: (200, {"Content-Type": "text/html"}, b"<html>"))

    with pytest.raises(NotTheServerError):
        enrol(blank, Invitation(office.url, office.invite()))

    assert blank.profile is None


def test_a_server_that_does_not_know_the_code_pins_nothing(blank, office):
    def guess(asked):
        answer = office._enrol(asked)
        return office.signed(dataclasses.replace(answer, proof=bytes(32)))

    office.next_reply(guess)

    with pytest.raises(EnrolmentError) as caught:
        enrol(blank, Invitation(office.url, office.invite()))

    assert caught.value.code == "not_proven"
    assert blank.profile is None


def test_keys_slipped_in_on_the_way_pin_nothing(blank, office):
    mallory = SigningKey(os.urandom(32))

    def swap(asked):
        answer = dataclasses.replace(office._enrol(asked), answer_key=mallory.public)
        return office.signed(answer, key=mallory)

    office.next_reply(swap)

    with pytest.raises(EnrolmentError):
        enrol(blank, Invitation(office.url, office.invite()))

    assert blank.profile is None


def test_an_answer_signed_by_another_key_pins_nothing(blank, office):
    office.next_reply(
        lambda asked: office.signed(office._enrol(asked), key=SigningKey(os.urandom(32)))
    )

    with pytest.raises(EnrolmentError):
        enrol(blank, Invitation(office.url, office.invite()))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://forms.example", "https://forms.example"),
        ("https://forms.example/", "https://forms.example"),
        (" http://127.0.0.1:8000/ ", "http://127.0.0.1:8000"),
        ("https://forms.example/tianbao/join#7K3QD", "https://forms.example/tianbao"),
    ],
)
def test_the_link_of_an_invitation_is_an_address_too(url, expected):
    assert server_address(url) == expected


@pytest.mark.parametrize("url", ["forms.example", "ftp://forms.example", "https://", ""])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InputError):
        server_address(url)


def test_a_file_that_is_no_certificate_is_refused(blank, office, tmp_path):
    (tmp_path / "ca.pem").write_text("hello")

    with pytest.raises(InputError):
        enrol(blank, Invitation(office.url, office.invite(), tmp_path / "ca.pem"))
