"""What tests of several folders share: the loaded home, made once a session (tests/homes.py)."""

from tests.homes import district, loaded, own

__all__ = ["district", "loaded", "own"]
