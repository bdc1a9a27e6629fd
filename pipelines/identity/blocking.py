"""Which pairs are worth comparing: those that share a piece of a name or of an address.

Belongs here: the pieces. Does not belong here: how alike a pair is (resemblance).

Comparing everybody with everybody grows with the product of both; the pieces keep a subject's pairs
at some hundred, whatever the size of the district. A piece that more than MOST_PER_PIECE people
share tells too little and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.identity.spelling import domain, folded, local_part, long_forms, words_of

MOST_PER_PIECE = 400


@dataclass(frozen=True)
class Staff:
    """Staff as they are compared, made once for all subjects.

    names: staff_key, given, family, folded. addresses: staff_key, local, domain. Their pieces:
    staff_key, piece.
    """

    names: pl.DataFrame
    addresses: pl.DataFrame
    pieces_of_names: pl.DataFrame
    pieces_of_addresses: pl.DataFrame
    whole_names: pl.DataFrame

    @classmethod
    def of(cls, names: pl.DataFrame, addresses: pl.DataFrame) -> Staff:
        """names: staff_key, first_name, last_name. addresses: staff_key, address."""
        spelled = names.select(
            "staff_key", given=folded(pl.col("first_name")), family=folded(pl.col("last_name"))
        ).unique()
        held = addresses.select(
            "staff_key", local=local_part(pl.col("address")), domain=domain(pl.col("address"))
        ).unique()
        return cls(
            names=spelled.filter(pl.col("given").is_not_null() & pl.col("family").is_not_null()),
            addresses=held,
            pieces_of_names=_few(_pieces_of_names(spelled, "staff_key")),
            pieces_of_addresses=_few(_pieces_of_locals(held, "staff_key")),
            whole_names=_few(_whole_names(spelled, "staff_key")),
        )


def pairs_to_compare(subjects: pl.DataFrame, staff: Staff) -> pl.DataFrame:
    """Pairs match_subject_key, staff_key of subjects with a name or an address."""
    named = subjects.select("match_subject_key", given=folded(pl.col("first_name")), family=folded(pl.col("last_name")))
    addressed = subjects.filter(pl.col("email").is_not_null()).select(
        "match_subject_key", local=local_part(pl.col("email"))
    )
    return pl.concat(
        [
            _sharing(_pieces_of_names(named, "match_subject_key"), staff.pieces_of_names),
            _sharing(_pieces_of_words(addressed), staff.pieces_of_names),
            _sharing(_pieces_of_locals(addressed, "match_subject_key"), staff.pieces_of_addresses),
        ]
    ).unique()


def pairs_of_roster_records(
    subjects: pl.DataFrame, staff: Staff, records: pl.DataFrame, ids: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of a roster record and an earlier staff member of much the same name, who could be one person.

    Left out: two records that one roster lists in the same school year, or both as present without
    telling years; two records whose ids of one kind are known and have none in common.
    """
    own = records.rename({column: f"own_{column}" for column in records.columns if column != "staff_key"})
    named = subjects.select(
        "match_subject_key",
        "roster_record_key",
        given=folded(pl.col("first_name")),
        family=folded(pl.col("last_name")),
    )
    pairs = (
        _sharing(_whole_names(named, "match_subject_key"), staff.whole_names)
        .join(subjects.select("match_subject_key", "roster_record_key"), on="match_subject_key")
        .filter(pl.col("staff_key") != pl.col("roster_record_key"))
        .join(own, left_on="roster_record_key", right_on="staff_key", how="left")
        .join(records, on="staff_key", how="left")
    )
    rank, own_rank = pl.col("roster_rank"), pl.col("own_roster_rank")
    first, own_first = pl.col("first_school_year"), pl.col("own_first_school_year")
    is_apart = (first > pl.col("own_last_school_year")) | (own_first > pl.col("last_school_year"))
    in_one_roster = (
        pl.when(first.is_not_null() & own_first.is_not_null())
        .then(is_apart & (first < own_first))
        .otherwise(pl.col("is_deleted") & ~pl.col("own_is_deleted"))
    )
    possible = pairs.filter((rank < own_rank) | ((rank == own_rank) & in_one_roster))
    of_staff = possible.join(ids, on="staff_key").select("match_subject_key", "staff_key", "alias_kind", "alias_value")
    of_own = possible.join(ids, left_on="roster_record_key", right_on="staff_key").select(
        "match_subject_key", "staff_key", "alias_kind", own_value="alias_value"
    )
    different = (
        of_staff.join(of_own, on=["match_subject_key", "staff_key", "alias_kind"])
        .group_by("match_subject_key", "staff_key", "alias_kind")
        .agg(is_shared=(pl.col("alias_value") == pl.col("own_value")).any())
        .filter(~pl.col("is_shared"))
    )
    return (
        possible.join(different, on=["match_subject_key", "staff_key"], how="anti")
        .select("match_subject_key", "staff_key")
        .unique()
    )


def _pieces_of_names(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """key, piece. A typing mistake spoils one or two of the pieces, not all."""
    given, family = pl.col("given"), pl.col("family")
    last = family.str.split(" ").list.last()
    long = frame.join(long_forms(frame["given"]), on="given").select(key, given="long_form", family="family")
    both = pl.concat([frame.select(key, "given", "family"), long])
    return _long(
        both,
        key,
        pl.concat_str(pl.lit("a"), family.str.slice(0, 4), given.str.slice(0, 1), separator="|"),
        pl.concat_str(pl.lit("a"), last.str.slice(0, 4), given.str.slice(0, 1), separator="|"),
        pl.concat_str(pl.lit("b"), given.str.slice(0, 4), family.str.slice(0, 1), separator="|"),
        pl.concat_str(pl.lit("c"), given.str.slice(0, 3), family.str.slice(-4), separator="|"),
        pl.concat_str(pl.lit("d"), family.str.slice(0, 3), given.str.slice(-3), separator="|"),
        # run together, as in addresses
        pl.concat_str(pl.lit("e"), (given + family).str.replace_all(" ", "").str.slice(0, 7), separator="|"),
        pl.concat_str(pl.lit("e"), (family + given).str.replace_all(" ", "").str.slice(0, 7), separator="|"),
    )


def _pieces_of_words(frame: pl.DataFrame) -> pl.DataFrame:
    """match_subject_key, piece: what the words of an address give when read as a name, either way round."""
    words = frame.with_columns(word=words_of(pl.col("local"))).filter(pl.col("word").is_not_null())
    several = words.filter(pl.col("word").list.len() > 1)
    one = words.filter(pl.col("word").list.len() == 1).with_columns(whole=pl.col("word").list.first())
    first, last = pl.col("word").list.first(), pl.col("word").list.last()
    whole = pl.col("whole")
    return pl.concat(
        [
            _pieces_of_names(several.select("match_subject_key", given=first, family=last), "match_subject_key"),
            _pieces_of_names(several.select("match_subject_key", given=last, family=first), "match_subject_key"),
            _long(
                one,
                "match_subject_key",
                pl.concat_str(pl.lit("a"), whole.str.slice(1, 4), whole.str.slice(0, 1), separator="|"),
                pl.concat_str(pl.lit("a"), whole.str.slice(0, 4), whole.str.slice(-1), separator="|"),
                pl.concat_str(pl.lit("e"), whole.str.slice(0, 7), separator="|"),
            ),
        ]
    )


def _pieces_of_locals(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    local = pl.col("local")
    return _long(
        frame,
        key,
        pl.concat_str(pl.lit("p"), local.str.slice(0, 6), separator="|"),
        pl.concat_str(pl.lit("s"), local.str.slice(0, 1), local.str.slice(-6), separator="|"),
    )


def _whole_names(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    given, family = pl.col("given"), pl.col("family")
    return _long(
        frame,
        key,
        pl.concat_str(pl.lit("f"), given, family.str.slice(0, 3), separator="|"),
        pl.concat_str(pl.lit("g"), family, given.str.slice(0, 2), separator="|"),
    )


def _long(frame: pl.DataFrame, key: str, *pieces: pl.Expr) -> pl.DataFrame:
    """key, piece; one row per piece that could be made."""
    return (
        frame.select(key, piece=pl.concat_list(pieces)).explode("piece").filter(pl.col("piece").is_not_null()).unique()
    )


def _few(pieces: pl.DataFrame) -> pl.DataFrame:
    """Without pieces that too many people share."""
    return pieces.filter(pl.len().over("piece") <= MOST_PER_PIECE)


def _sharing(subjects: pl.DataFrame, staff: pl.DataFrame) -> pl.DataFrame:
    """Pairs that share a piece."""
    return subjects.join(staff, on="piece").select("match_subject_key", "staff_key").unique()
