"""The pages of the local client: the Flask edge, and the plain ES modules it serves.

The pages are for one person on this computer. Nothing here decides anything about a form or an
entry: a view parses, calls one service, and writes down what came back.
"""
