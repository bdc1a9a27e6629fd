"""How names and addresses are spelled so that they can be compared.

Belongs here: folding a name, taking an address apart, short forms of given names. Does not belong
here: how alike two of them are (resemblance), which of them are compared at all (blocking).
"""

from __future__ import annotations

import polars as pl

SHORT_FORMS: dict[str, tuple[str, ...]] = {
    "abigail": ("abby", "gail"),
    "alexander": ("alex", "sasha"),
    "alexandra": ("alex", "sandra", "sasha"),
    "andrew": ("andy", "drew"),
    "anthony": ("tony",),
    "barbara": ("barb",),
    "benjamin": ("ben",),
    "catherine": ("cathy", "kate", "katie", "kathy", "katherine", "kathryn", "katharine"),
    "charles": ("charlie", "chuck"),
    "christina": ("chris", "tina", "christine"),
    "christopher": ("chris",),
    "daniel": ("dan", "danny"),
    "david": ("dave",),
    "deborah": ("deb", "debbie", "debra"),
    "donald": ("don",),
    "dorothy": ("dot", "dottie"),
    "edward": ("ed", "eddie", "ted"),
    "elizabeth": ("beth", "betty", "betsy", "eliza", "liz", "lizzie", "lisa"),
    "eugene": ("gene",),
    "frances": ("fran",),
    "francis": ("frank",),
    "gregory": ("greg",),
    "gerald": ("jerry",),
    "jacob": ("jake",),
    "james": ("jim", "jimmy", "jamie"),
    "janet": ("jan",),
    "jeffrey": ("jeff",),
    "jennifer": ("jen", "jenny"),
    "jessica": ("jess", "jessie"),
    "john": ("jack", "johnny"),
    "jonathan": ("jon",),
    "joseph": ("joe", "joey"),
    "joshua": ("josh",),
    "judith": ("judy",),
    "kenneth": ("ken",),
    "lawrence": ("larry",),
    "leonard": ("len", "leo"),
    "margaret": ("maggie", "meg", "peggy"),
    "matthew": ("matt",),
    "melissa": ("missy",),
    "michael": ("mike", "mick"),
    "nancy": ("nan",),
    "nathaniel": ("nate", "nathan"),
    "nicholas": ("nick",),
    "pamela": ("pam",),
    "patricia": ("pat", "patty", "trish"),
    "patrick": ("pat",),
    "peter": ("pete",),
    "philip": ("phil", "phillip"),
    "raymond": ("ray",),
    "rebecca": ("becca", "becky"),
    "richard": ("dick", "rich", "rick"),
    "robert": ("bob", "bobby", "rob"),
    "ronald": ("ron",),
    "samantha": ("sam",),
    "samuel": ("sam",),
    "stephen": ("steve", "steven"),
    "susan": ("sue", "susie", "suzanne"),
    "theodore": ("ted", "theo"),
    "theresa": ("terry", "tess"),
    "thomas": ("tom",),
    "timothy": ("tim",),
    "victoria": ("vicky",),
    "vincent": ("vince",),
    "walter": ("walt",),
    "william": ("bill", "billy", "will", "liam"),
}
"""Common short forms and spellings of English given names. A form may belong to several names."""

_FORMS = pl.DataFrame(
    [(form, name) for name, forms in SHORT_FORMS.items() for form in (name, *forms)],
    schema={"given": pl.String, "long_form": pl.String},
    orient="row",
)


def folded(name: pl.Expr) -> pl.Expr:
    """A name in lower case without accents, dots and apostrophes; hyphens are blanks; null when nothing is left."""
    bare = name.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    spaced = bare.str.replace_all(r"[-_\s]+", " ").str.replace_all(r"[^a-z ]", "").str.strip_chars()
    return pl.when(spaced != "").then(spaced)


def local_part(address: pl.Expr) -> pl.Expr:
    """What stands before the @, in lower case and without a `+tag`."""
    before = address.str.to_lowercase().str.split("@").list.first().str.replace(r"\+.*$", "")
    return pl.when(before != "").then(before)


def domain(address: pl.Expr) -> pl.Expr:
    """What stands behind the @, in lower case."""
    return address.str.to_lowercase().str.extract(r"@(.*)$", 1)


def words_of(local: pl.Expr) -> pl.Expr:
    """The words of a local part: `jo.smith2` gives `jo`, `smith`."""
    return folded(local.str.replace_all(r"[._\-]+", " ").str.replace_all(r"[0-9]+", "")).str.split(" ")


def long_forms(given: pl.Series) -> pl.DataFrame:
    """given and the long forms it may stand for, columns given, long_form; those without any are absent."""
    return pl.DataFrame({"given": given.drop_nulls().unique()}).join(_FORMS, on="given")
