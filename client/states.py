"""What a person is told of an entry, and the only rule that decides it.

    draft         open; kept as it was typed
    saved         finalized; safe on this device
    delivered     the server has signed for the text and for every attached file
    quarantined   the server has it for good, but an organiser has to look at it
    set_aside     the server refused it, and would again; it stays on this device

Only a signed answer of the server moves an entry on from *saved*.
"""

from enum import StrEnum

from sync.messages import ItemResult, ItemState


class State(StrEnum):
    """The state of an entry."""

    DRAFT = "draft"
    SAVED = "saved"
    DELIVERED = "delivered"
    QUARANTINED = "quarantined"
    SET_ASIDE = "set_aside"


def state_after(result: ItemResult, *, files_waiting: bool) -> State:
    """Return the state of a revision once the server has said what became of it."""
    if result.state is ItemState.REFUSED:
        return State.SAVED if result.temporary else State.SET_ASIDE
    if result.state is ItemState.QUARANTINED:
        return State.QUARANTINED
    return State.SAVED if files_waiting else State.DELIVERED
