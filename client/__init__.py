"""The local client: fill forms without a network, keep them safe, hand them over when there is one.

See `client/README.md` for what it promises and where things are.
"""
