"""`python -m connectors.sandbox`: write the files, serve the platforms, until told to stop.

Belongs here: the command line. Does not belong here: anything a test would want to call.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from connectors.sandbox import files_drop, truth
from connectors.sandbox.district import generate
from connectors.sandbox.server import Sandbox


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT. Prints one line of JSON when ready."""
    parser = argparse.ArgumentParser(prog="python -m connectors.sandbox", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the file drop and the mappings are written")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 picks a free one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--teachers", type=int, default=600)
    parser.add_argument("--truth", type=Path, help="also write the planted truth to this file")
    parser.add_argument(
        "--reference", type=Path, help="serve the Ed-Fi TPDM sample of this reference data folder instead"
    )
    options = parser.parse_args(arguments)
    try:
        return _serve(options)
    except OSError as fault:
        parser.error(f"{fault.strerror or fault}: port {options.port}, folder {options.folder}")


def _serve(options: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.reference is not None:
        serving = Sandbox.start_reference(options.reference, options.port)
    else:
        district = generate(options.seed, options.teachers)
        files_drop.write(district, options.folder)
        if options.truth is not None:
            truth.write(district, options.truth)
        serving = Sandbox.start(district, options.port)
    with serving as sandbox:
        ready = {
            "badgr": sandbox.badgr_url,
            "edfi": sandbox.edfi_url,
            "port": sandbox.port,
            "folder": str(options.folder.resolve()),
        }
        print(json.dumps(ready), flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
