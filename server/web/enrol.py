"""Enrolling a device.

POST /v1/enrol   a canonical EnrolRequest; answers with an EnrolAnswer
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from server.errors import RequestError
from server.members import Device
from server.services import Services
from server.web.exchange import answer, current_services, receive_from_stranger
from sync.invitation import proof_of
from sync.messages import EnrolAnswer, EnrolRequest, parse_message_as
from sync.request import Request

MAX_BODY = 16 * 1024

bp = Blueprint("enrol", __name__)


@bp.post("/v1/enrol")
def post_enrol() -> ResponseReturnValue:
    """Enrol a device by a one-time code; repeating it gives the same member."""
    signed, body = receive_from_stranger(MAX_BODY)
    asked = parse_message_as(EnrolRequest, body)
    if asked.nonce != signed.nonce:
        raise RequestError("The nonces of request and header differ.")
    device, secret = current_services().enrol(asked)
    return answer(_enrol_answer(current_services(), signed, device, secret))


def _enrol_answer(
    services: Services, signed: Request, device: Device, secret: bytes
) -> EnrolAnswer:
    keys = services.keys
    return EnrolAnswer(
        nonce=signed.nonce,
        request=signed.digest,
        time=services.clock(),
        device=device.id,
        member=device.member,
        member_name=device.member_name,
        unit=device.unit,
        unit_name=device.unit_name,
        role=device.role,
        log=services.log,
        answer_key=keys.answer.public,
        log_key=keys.log.public,
        proof=proof_of(secret, signed.nonce.encode(), keys.answer.public, keys.log.public),
    )
