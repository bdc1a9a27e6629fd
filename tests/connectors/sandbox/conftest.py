"""A small synthetic district and clients of its stand-ins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from connectors.sandbox.district import District, generate
from connectors.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def district() -> District:
    return generate(teachers=40)


@pytest.fixture(scope="session")
def whole_district() -> District:
    """The district of the demo: 600 teachers."""
    return generate()


@pytest.fixture
def sandbox(district: District) -> Iterator[Sandbox]:
    with Sandbox.start(district) as running:
        yield running


@pytest.fixture
def edfi(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {edfi_token(sandbox, session)}"
        yield session


@pytest.fixture
def badgr(sandbox: Sandbox) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {badgr_token(sandbox, session)['access_token']}"
        yield session


def edfi_token(sandbox: Sandbox, session: requests.Session) -> str:
    client = (sandbox.credentials["SIS_CLIENT_ID"], sandbox.credentials["SIS_CLIENT_SECRET"])
    form = {"grant_type": "client_credentials"}
    answer = session.post(f"{sandbox.edfi_url}/oauth/token", data=form, auth=client, timeout=10)
    return str(answer.json()["access_token"])


def badgr_token(sandbox: Sandbox, session: requests.Session) -> dict[str, str]:
    form = {
        "username": sandbox.credentials["BADGES_USERNAME"],
        "password": sandbox.credentials["BADGES_PASSWORD"],
    }
    answer: dict[str, str] = session.post(f"{sandbox.badgr_url}/o/token", data=form, timeout=10).json()
    return answer
