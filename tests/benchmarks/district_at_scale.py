"""A landed district of any size: the sandbox's small one, pulled by the product, with its people multiplied.

Belongs here: multiplying landed files in SQL, with ids that stay consistent from stream to
stream, and manifests by the product's own class. Does not belong here: timing (build).

`TEMPLATE` teachers over five years are pulled over HTTP and from files as in a real run.
Each further copy of them has ids with three more digits, addresses of its own, and so
awards, scores and hours of its own; five copies share eight schools. What a district has
once (rubrics, badge classes, issuers) stays once. Every tenth copy keeps its hashed addresses.
The sandbox has few ledger lines and hours of professional development, so those are
multiplied within each copy.

`python tests/benchmarks/district_at_scale.py TEMPLATE` pulls the small district into a new
folder; with `FOLDER TEACHERS` behind it, multiplies it and prints the rows landed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

from connectors.core.landing.integrity import landed_file
from connectors.core.landing.layout import run_folders
from connectors.core.landing.manifest import Manifest
from connectors.core.landing.typing_sql import literal
from connectors.sandbox.district import generate
from connectors.sandbox.server import Sandbox
from pipelines.progress import Silent
from pipelines.pull_source import pull_source
from tests.homes import make_home

TEMPLATE = 60
# the sandbox hashes the addresses of a quarter of its awards, to be hard
COPIES_PER_HASHED = 10
COPIES_PER_SCHOOL = 5
ROWS_PER_PART = 1_000_000

ONCE = {
    "badge_classes", "issuers", "issuer_approvals", "evaluations", "evaluation_objectives", "evaluation_elements",
    "performance_evaluations",
}  # fmt: skip
PER_SCHOOL = {"schools", "student_growth", "school_characteristics"}
# rows of one teacher and year in the sandbox: 2.6 ledger lines, 4.3 participations
MORE_OF = {"pd_spending": ("ledger_line_id", 8), "pd_participation": ("activity_id", 2)}

# columns that name a person or a record of one person, in every stream that has them
IDS = {
    "id", "entityId", "openBadgeId", "personId", "staffUniqueId", "credentialIdentifier", "credential_id", "staff_id",
    "state_id", "submission_id", "award_id", "observation_id", "rater_id", "assessor_id", "respondent_id",
    "ledger_line_id", "file_name", "last_name", "lastSurname",
}  # fmt: skip
ADDRESSES = {"email", "electronicMails", "recipient_identity", "recipient_plaintext_identity"}
SCHOOLS = {"school_id", "schoolId", "school_name", "nameOfInstitution", "shortNameOfInstitution"}
DISTRICT_OFFICE = "100"
IS_HASHED = f"(recipient_hashed and (copy % {COPIES_PER_HASHED} = 0 or email is null))"


def pull_template(folder: Path) -> None:
    """The small district, pulled and not judged yet."""
    district = generate(seed=11, teachers=TEMPLATE)
    with Sandbox.start(district) as sandbox:
        home = make_home(folder, district, sandbox)
        for name in home.settings.sources:
            for pull in pull_source(home.settings, name, full_refresh=False, listener=Silent()):
                if pull.fault:
                    raise pull.fault


def multiply(template: Path, folder: Path, teachers: int) -> int:
    """Land the template's people `teachers / TEMPLATE` times in a new home; returns the rows landed."""
    folder.mkdir(parents=True)
    (folder / "district.yml").write_text((template / "district.yml").read_text())
    landed = 0
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'")
        roster = template.rglob("stream=roster/*/part-*.parquet")
        files = ", ".join(literal(str(path)) for path in roster)
        database.execute(
            f"create table addresses as select distinct lower(email) as email from read_parquet([{files}])"
        )
        for stream in sorted((template / "landing").glob("*/*/*/*")):
            for run in run_folders(stream):
                there = folder / run.relative_to(template)
                there.mkdir(parents=True)
                landed += _multiply_run(database, run, there, teachers // TEMPLATE)
    return landed


def _multiply_run(database: duckdb.DuckDBPyConnection, run: Path, there: Path, copies: int) -> int:
    manifest = Manifest.read(run)
    stream = manifest.stream
    if stream in ONCE:
        copies = 1
    elif stream in PER_SCHOOL:
        copies = -(-copies // COPIES_PER_SCHOOL)
    source = "read_parquet([{}])".format(", ".join(literal(str(run / file.name)) for file in manifest.files))
    columns = [str(row[0]) for row in database.execute(f"describe select * from {source}").fetchall()]
    repeated, times = MORE_OF.get(stream, ("", 1))
    selected = ", ".join(f'{_copied(name, stream, name == repeated)} as "{name}"' for name in columns)
    people = "recipient_salt" in columns
    join = "left join addresses on landed.recipient_identity = 'sha256$' || sha256(email || recipient_salt)"
    rows = sum(file.rows for file in manifest.files) * times
    step = max(1, ROWS_PER_PART // max(1, rows))
    files = []
    for number, first in enumerate(range(0, copies, step)):
        path = there / f"part-{number:04d}.parquet"
        last = min(first + step, copies)
        copied = database.execute(
            f"copy (select {selected} from range({first}, {last}) as copies(copy), range({times}) as times(again),"
            f" (select * from {source}) as landed {join if people else ''})"
            f" to {literal(str(path))} (format parquet, compression zstd)"
        ).fetchone()
        files.append(landed_file(path, int(copied[0]) if copied else 0))
    total = sum(file.rows for file in files)
    manifest.model_copy(
        update={
            "records_received": total,
            "records_landed": total,
            "records_rejected": 0,
            "records_reported": None if manifest.records_reported is None else total,
            "duplicate_records": manifest.duplicate_records * copies * times,
            "rejects_file": None,
            "rejects": None,
            "files": files,
        }
    ).write(there)
    return total


def _copied(name: str, stream: str, is_repeated: bool) -> str:
    """The SQL of a column in copy number `copy`, repetition `again`; the first copy keeps its ids."""
    column = f'landed."{name}"'
    digits = "case when copy > 0 then lpad(copy::varchar, 3, '0') else '' end"
    school = f"copy // {1 if stream in PER_SCHOOL else COPIES_PER_SCHOOL}"
    school_digits = f"case when {school} > 0 then lpad(({school})::varchar, 3, '0') else '' end"
    if name == "_row_number":
        return f"{column} + 1000000 * (copy * 10 + again)"
    if name == "_record_hash":
        return f"md5({column} || '-' || copy || '-' || again)"
    if name == "educationOrganizationId" and stream != "staff_assignments":
        return column  # the district, in everything that is evaluated
    if name in SCHOOLS or name == "educationOrganizationId":
        kind = "bigint" if name in ("schoolId", "educationOrganizationId") else "varchar"
        copied = f"cast({column}::varchar || {school_digits} as {kind})"
        return f"case when {column}::varchar = '{DISTRICT_OFFICE}' then {column} else {copied} end"
    if stream in PER_SCHOOL and name == "id":
        return f"{column} || {school_digits}"
    if name == "recipient_identity":
        hashed = f"'sha256$' || sha256(replace(email, '@', {digits} || '@') || recipient_salt)"
        plain = _address("coalesce(email, recipient_identity)", digits)
        return f"case when {IS_HASHED} then coalesce({hashed}, {column}) else {plain} end"
    if name == "recipient_hashed":
        return IS_HASHED
    if name in ADDRESSES:
        return _address(column, digits)
    if name == "reviewer_person_ids":
        return f"""regexp_replace({column}, '"([^"]+)"', '"\\1' || {digits} || '"', 'g')"""
    again = " || case when again > 0 then '-' || again else '' end" if is_repeated else ""
    if name in IDS or is_repeated:
        return f"{column} || {digits if stream not in ONCE and name in IDS else chr(39) * 2}{again}"
    return column


def _address(column: str, digits: str) -> str:
    return f"replace({column}, '@', {digits} || '@')"


if __name__ == "__main__":
    template, *more = sys.argv[1:]
    if more:
        print(json.dumps({"rows": multiply(Path(template), Path(more[0]), int(more[1]))}))
    else:
        pull_template(Path(template))
