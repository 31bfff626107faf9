"""The AWS account of the rehearsal: moto's server on loopback, with what moto lacks (account/) added.

usage: python moto.py [--port N]        prints `ready on port N` once it answers
"""

import pathlib
import sys

# This file is called like the package it starts: its own folder must not be searched for `import moto`.
sys.path[0] = str(pathlib.Path(__file__).resolve().parent / "account")

from server import main  # noqa: E402

main()
