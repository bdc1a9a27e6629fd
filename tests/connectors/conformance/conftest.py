"""The cases are no test modules; their assertions should tell as much as those of one."""

import pytest

for module in ("cases", "bench", "runner", "oracle", "strikes"):
    pytest.register_assert_rewrite(f"tests.connectors.conformance.{module}")
