"""Exports: what the viewer may see, in files that are whole and safe to open."""

from __future__ import annotations

import zipfile
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from pipelines.apps.access import AccessRefused, Viewer
from pipelines.apps.export import ExportError, export, guard_against_formulas
from pipelines.apps.release_reader import NoRelease
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, ROLES, build_warehouse, key, release_info

LEADER = Viewer.parse("district_leader", ROLES)
PRINCIPAL = Viewer.parse("principal:103", ROLES)
TABLES = {
    "expertise",
    "evidence",
    "coverage",
    "district_coverage",
    "equity",
    "equity_gaps",
    "competency_groups",
    "competencies",
    "schools",
    "release",
}


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_export__writes_a_file_per_table(format: str, published: Path, tmp_path: Path) -> None:
    files = export(published, LEADER, tmp_path / "new" / "folder", format)

    assert {file.path.name for file in files} == {f"{table}.{format}" for table in TABLES} | {"README.txt"}
    read = pl.read_parquet if format == "parquet" else pl.read_csv
    for file in files:
        if file.rows is not None:
            assert read(file.path).height == file.rows
    rows = {file.path.stem: file.rows for file in files}
    assert rows["expertise"] == 38
    assert rows["README"] is None
    readme = (tmp_path / "new" / "folder" / "README.txt").read_text(encoding="utf-8")
    assert readme.startswith("SYNTHETIC DATA")
    assert "Seen as: district_leader" in readme
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(
        file.path.name for file in files
    )


def test_export__writes_one_workbook_that_says_what_it_is(published: Path, tmp_path: Path) -> None:
    (file,) = export(published, LEADER, tmp_path, "xlsx")

    book = fastexcel.read_excel(file.path)
    assert book.sheet_names[0] == "Read me"
    assert set(book.sheet_names[1:]) == TABLES
    assert "SYNTHETIC DATA" in str(book.load_sheet("Read me", header_row=None).to_polars()[0, 0])
    sheets = {name: book.load_sheet(name).to_polars() for name in book.sheet_names[1:]}
    assert sum(sheet.height for sheet in sheets.values()) == file.rows
    assert sheets["expertise"].height == 38
    with zipfile.ZipFile(file.path) as parts:
        sheet = parts.read("xl/worksheets/sheet2.xml").decode()
        assert 'state="frozen"' in sheet
        assert "SYNTHETIC DATA" in sheet
        assert "<autoFilter" in parts.read("xl/tables/table1.xml").decode()


def test_export__holds_only_what_the_role_may_see(published: Path, tmp_path: Path) -> None:
    export(published, PRINCIPAL, tmp_path, "parquet")

    expertise = pl.read_parquet(tmp_path / "expertise.parquet")
    outside = expertise.filter(pl.col("school_id").is_null() | (pl.col("school_id") != 103))
    assert set(outside["band"]) == {"expert", "strong practice", "demonstrated"}
    assert "need" in set(expertise.filter(pl.col("school_id") == 103)["band"])
    assert expertise["staff_name"].null_count() == 0
    evidence = pl.read_parquet(tmp_path / "evidence.parquet")
    pairs = set(expertise.select("staff_key", "competency_key").rows())
    assert set(evidence.select("staff_key", "competency_key").rows()) == pairs
    inside_keys = set(expertise.filter(pl.col("school_id") == 103)["staff_key"])
    assert set(evidence.filter(~pl.col("counts"))["staff_key"]) == inside_keys
    assert key("101/need") not in set(evidence.filter(pl.col("competency_key") == key("C-I06"))["staff_key"])


def test_guard__makes_formulas_text() -> None:
    texts = ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "plain", "a=b", "", None]
    frame = pl.DataFrame({"text": texts, "other": texts, "number": list(range(10))})

    guarded = guard_against_formulas(frame)

    assert guarded["text"].to_list() == ["'=1+1", "'+1", "'-1", "'@sum", "'\t=1", "'\r=1", "plain", "a=b", "", None]
    assert guarded["other"].to_list() == guarded["text"].to_list()
    assert guarded["number"].to_list() == list(range(10))


def test_export__a_name_that_looks_like_a_formula_is_not_run(tmp_path: Path) -> None:
    warehouse = build_warehouse(
        tmp_path / "warehouse.duckdb",
        extra_sql="""update pub_leaders__expertise set staff_name = '=HYPERLINK("http://evil.example")'
                     where staff_name = 'Expert Personof101'""",
    )
    publish(warehouse, tmp_path / "published", release_info("r1"), KEY)

    export(tmp_path / "published", LEADER, tmp_path / "csv", "csv")
    export(tmp_path / "published", LEADER, tmp_path / "xlsx", "xlsx")

    names = pl.read_csv(tmp_path / "csv" / "expertise.csv")["staff_name"]
    assert '\'=HYPERLINK("http://evil.example")' in set(names)
    with zipfile.ZipFile(tmp_path / "xlsx" / "leaders.xlsx") as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not any("<f>" in parts.read(name).decode() for name in sheets)


def test_export__works_on_tables_without_rows(tmp_path: Path) -> None:
    warehouse = build_warehouse(
        tmp_path / "warehouse.duckdb",
        extra_sql="delete from pub_leaders__expertise; delete from pub_leaders__evidence; "
        "delete from pub_leaders__coverage; delete from pub_leaders__competencies; "
        "delete from pub_leaders__district_coverage; delete from pub_leaders__equity; "
        "delete from pub_leaders__equity_gaps; delete from pub_leaders__competency_groups",
    )
    publish(warehouse, tmp_path / "published", release_info("r1"), KEY)
    for format in ("csv", "parquet", "xlsx"):
        for viewer in (LEADER, PRINCIPAL):
            assert export(tmp_path / "published", viewer, tmp_path / format, format)
    assert pl.read_csv(tmp_path / "csv" / "expertise.csv").columns[0] == "expertise_key"


def test_export__a_real_district_is_not_called_synthetic(tmp_path: Path) -> None:
    warehouse = build_warehouse(tmp_path / "warehouse.duckdb")
    publish(warehouse, tmp_path / "published", release_info("r1", is_synthetic=False, district_name="Real"), KEY)
    export(tmp_path / "published", LEADER, tmp_path, "csv")
    assert "SYNTHETIC" not in (tmp_path / "README.txt").read_text(encoding="utf-8")


def test_export__replaces_the_export_before_it(published: Path, tmp_path: Path) -> None:
    export(published, LEADER, tmp_path, "parquet")
    export(published, PRINCIPAL, tmp_path, "parquet")
    assert pl.read_parquet(tmp_path / "expertise.parquet").height == 32
    assert not list(tmp_path.glob(".*"))


def test_export__says_what_is_wrong(published: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no export format 'ods'; the formats are parquet, csv, xlsx"):
        export(published, LEADER, tmp_path, "ods")
    with pytest.raises(AccessRefused, match="the role visitor may see nothing"):
        export(published, Viewer.parse("visitor", ROLES), tmp_path, "csv")
    with pytest.raises(NoRelease):
        export(tmp_path / "none", LEADER, tmp_path, "csv")
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(ExportError, match=r"could not make the folder .*file"):
        export(published, LEADER, in_the_way, "csv")
    for format, name in (("xlsx", "leaders.xlsx"), ("csv", "expertise.csv")):
        (tmp_path / format / name).mkdir(parents=True)
        with pytest.raises(ExportError, match=f"could not write .*{name}"):
            export(published, LEADER, tmp_path / format, format)
        assert [path.name for path in (tmp_path / format).iterdir()] == [name]
