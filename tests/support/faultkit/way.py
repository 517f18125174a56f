"""A way from a client to the server's real application in this process, with a network that fails."""

import io
from dataclasses import dataclass, field

from client.errors import NoConnectionError, UnreachableError
from client.transport import Reply

PORTAL = b"<html><title>Sign in to the network</title></html>"


def lost():
    return UnreachableError("The answer did not come.")


@dataclass
class Sent:
    """A request as it went over the wire."""

    method: str
    target: str
    headers: dict
    body: bytes


@dataclass
class Network:
    """What may happen to a request: each a share of all; nothing of it where `is_healed`."""

    app: object
    chance: object
    unconnected: float = 0.10
    request_lost: float = 0.04
    answer_lost: float = 0.06
    answer_cut: float = 0.04
    portal: float = 0.03
    doubled: float = 0.04
    replayed: float = 0.02
    other_answer: float = 0.02
    is_healed: bool = False
    is_up: bool = True
    requests: int = 0
    faults: int = 0
    past: list = field(default_factory=list)
    past_replies: list = field(default_factory=list)

    def happens(self, share):
        if self.is_healed or self.chance.random() >= share:
            return False
        self.faults += 1
        return True

    def deliver(self, sent):
        """Hand a request to the server and return its reply."""
        self.requests += 1
        response = self.app.test_client().open(
            sent.target,
            method=sent.method,
            headers=sent.headers,
            input_stream=io.BytesIO(sent.body),
            content_length=len(sent.body),
        )
        reply = Reply(
            response.status_code,
            response.headers.get("Content-Type", ""),
            response.headers.get("Location", ""),
            response.data,
        )
        response.close()
        return reply


class Way:
    """A client's transport over such a network."""

    def __init__(self, network):
        self._network = network

    def send(self, method, target, *, headers, body=b"", authorization=None):
        """Send a request; what comes back may be anything, or nothing."""
        content = body if isinstance(body, bytes) else body.read()
        named = {**headers, **({"Authorization": authorization} if authorization else {})}
        sent, network = Sent(method, target, named, content), self._network
        if not network.is_up or network.happens(network.unconnected):
            raise NoConnectionError("There is no network.")
        if network.happens(network.request_lost):
            raise lost()
        if network.happens(network.portal):
            return Reply(200, "text/html", "", PORTAL)
        if network.past and network.happens(network.replayed):
            network.deliver(network.chance.choice(network.past))
        reply = network.deliver(sent)
        if network.happens(network.doubled):
            reply = network.deliver(sent)
        self._remember(sent, reply)
        return self._back(reply)

    def close(self):
        """Nothing is kept open."""

    def _remember(self, sent, reply):
        for kept, one in ((self._network.past, sent), (self._network.past_replies, reply)):
            kept.append(one)
            del kept[:-50]

    def _back(self, reply):
        network = self._network
        if network.happens(network.answer_lost):
            raise lost()
        if reply.content and network.happens(network.answer_cut):
            short = reply.content[: network.chance.randrange(len(reply.content))]
            return Reply(reply.status, reply.media_type, reply.location, short)
        if network.happens(network.other_answer):
            return network.chance.choice(network.past_replies)
        return reply
