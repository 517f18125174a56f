"""The audit database: flat tables, kept up to date from the log. See README.md here."""
