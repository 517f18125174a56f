"""Form definitions, expressions and answers: pure, without input or output.

See `forms/README.md` for what the package promises and how it is laid out.
"""
