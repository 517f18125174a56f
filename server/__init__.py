"""The sync server: takes revisions into the log, hands out changes, and feeds the audit database.

What it promises, its map and its decisions stand in `server/README.md`.
"""
