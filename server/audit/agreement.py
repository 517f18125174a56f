"""What the server and the Datasette process agree on; importing it loads neither."""

SECRET_VARIABLE = "TIANBAO_AUDIT_PROXY_SECRET"  # noqa: S105  # the name of a variable
HTTPS_VARIABLE = "TIANBAO_AUDIT_HTTPS"
PROXY_HEADER = "Tianbao-Audit-Proxy"
COOKIE = "tianbao_audit"
BASE_URL = "/audit/"
ROLES = frozenset({"auditor", "organiser"})
