"""The ways of taking the same awards that the landing benchmark times, one a process.

Belongs here: each way, as its users would write it. Does not belong here: timing
(landing.py). `python tests/benchmarks/landing_ways.py WAY URL FOLDER` prints the rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import requests


def drain(url: str, folder: Path) -> int:
    """Read every byte of every page and keep none: what HTTP alone costs."""
    pages = 0
    following: str | None = f"{url}/v2/issuers/bench/assertions?num=500"
    with requests.Session() as session:
        while following:
            response = session.get(following)
            pages += 1
            following = response.links.get("next", {}).get("url")
    return pages * 500


def land(url: str, folder: Path) -> int:
    """The product: connector, typing, hashes, rejects, withheld fields, fsync, manifest."""
    from connectors.badgr.client import BadgrConnector, BadgrOptions
    from connectors.badgr.streams import ASSERTIONS
    from connectors.core.connector import Connection
    from connectors.core.pull import pull_stream

    options = BadgrOptions(base_url=url, requests_per_second=1_000_000)
    secrets = {"username": "bench", "password": "bench"}
    connection = Connection("bench", "badges", "UTC", options, folder, folder / "state", secrets)
    connector = BadgrConnector(connection)
    manifest = pull_stream(connector, connection, ASSERTIONS, folder / "landing").manifest
    assert manifest is not None
    return manifest.records_landed


def dlt(url: str, folder: Path) -> int:
    """dlt's declarative REST source to Parquet files, as its documentation writes it: lists become child tables."""
    return _dlt(url, folder, {})


def dlt_flat(url: str, folder: Path) -> int:
    """The same without child tables, as the product lands it."""
    return _dlt(url, folder, {"max_table_nesting": 0})


def _dlt(url: str, folder: Path, hints: dict[str, int]) -> int:
    import dlt as loader
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {"base_url": url, "paginator": "header_link"},
            "resources": [
                {
                    "name": "assertions",
                    "endpoint": {
                        "path": "v2/issuers/bench/assertions",
                        "params": {"num": 500},
                        "data_selector": "result",
                    },
                    **hints,
                }
            ],
        }
    )
    pipeline = loader.pipeline(
        "bench",
        pipelines_dir=str(folder / "pipelines"),
        destination=loader.destinations.filesystem(bucket_url=(folder / "bucket").as_uri()),
        dataset_name="bench",
    )
    pipeline.run(source, loader_file_format="parquet")
    return int(pipeline.last_trace.last_normalize_info.row_counts["assertions"])


WAYS = {"drain": drain, "land": land, "dlt": dlt, "dlt_flat": dlt_flat}

if __name__ == "__main__":
    way, url, folder = sys.argv[1:]
    print(WAYS[way](url, Path(folder)))
