"""The `expertise` command where no file may grow beyond a size: `python -m … BYTES COMMAND…`.

Belongs here: a full disk that needs no right to mount one. dbt, its child, has the limit too.
"""

from __future__ import annotations

import resource
import sys

from pipelines.cli import main

if __name__ == "__main__":
    most = int(sys.argv.pop(1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    main()
