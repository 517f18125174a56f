"""Run the organiser's command line: `python -m server`."""

from server.cli import main

main()
