"""What can go wrong between the server and the auditors' pages.

ServerError
└── AuditUnavailableError   Datasette does not answer (yet); ask again in a moment
"""

from server.errors import ServerError


class AuditUnavailableError(ServerError):
    """Say that Datasette does not answer."""

    code = "audit_unavailable"
