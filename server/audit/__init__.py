"""The auditors' pages: Datasette on the audit database, behind our own door. See README.md here."""
