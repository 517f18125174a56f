"""The edges of the sync server: each view parses, calls one service, and formats."""
