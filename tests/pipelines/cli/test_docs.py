"""The commands that the documentation names exist, with the options that it gives them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from pipelines.cli import app

ROOT = Path(__file__).parents[3]
PAGES = sorted(path for path in ROOT.rglob("README.md") if ".venv" not in path.parts and "demo" not in path.parts)


def documented() -> list[str]:
    """Every `expertise …` of a code block or a code span."""
    commands = []
    for page in PAGES:
        for line in re.findall(r"(?:^|[`/\\ ])expertise ([a-z][^`\n#]*)", page.read_text(encoding="utf-8"), re.M):
            commands.append(line.split("&&")[0].split("  ")[0].strip())
    return sorted(set(commands))


@pytest.mark.parametrize("command", documented())
def test_docs__the_command_exists_with_its_options(command: str) -> None:
    words = [word for word in shlex.split(command.replace("[", " ").replace("]", " ").replace("\\|", " ")) if word]
    group = typer.main.get_command(app)
    while words and hasattr(group, "commands") and words[0].strip(",.;:") in group.commands:
        group = group.commands[words.pop(0).strip(",.;:")]
    assert not hasattr(group, "commands") or words == [], f"no such command: expertise {command}"
    known = {option for parameter in group.params for option in parameter.opts}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= known


def test_docs__the_readme_names_the_two_commands_and_they_are_targets() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target}" in readme and re.search(rf"^{target}:", makefile, re.M)
    assert "make test" in (ROOT / ".ci" / "run").read_text()
