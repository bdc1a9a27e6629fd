"""Word lists from which the synthetic district's names are put together.

Belongs here: invented given names, surnames, places. Does not belong here: any
list taken from elsewhere, or a name that is meant to be anyone's.
"""

from __future__ import annotations

GIVEN = (
    "Avelin", "Bramley", "Corva", "Delmar", "Elowyn", "Fennick", "Garnet", "Hollis", "Inés", "Jorah",
    "Kestrel", "Linnea", "Marlow", "Nerys", "Orla", "Perrin", "Quill", "Rowena", "Sable", "Tamsin",
    "Ulric", "Verity", "Wendell", "Xandra", "Yarrow", "Zoë", "Anselm", "Briony", "Caspian", "Dahlia",
    "Emrys", "Faye", "Gideon", "Hester", "Isolde", "Jasper", "Kerensa", "Leopold", "Maren", "Noémie",
    "Oswin", "Petra", "Renwick", "Saffron", "Thaddeus", "Umber", "Viola", "Winslow", "Yorick", "Zinnia",
)  # fmt: skip

_SURNAME_STARTS = (
    "Thistle", "Amber", "Quill", "Brackle", "Copper", "Dunmor", "Elder", "Fallow", "Gold", "Hazel",
    "Iron", "Juniper", "Kettle", "Lark", "Marsh", "Nettle", "Oaken", "Pebble", "Rush", "Silver",
    "Tanner", "Umber", "Willow", "Yarrow",
)  # fmt: skip
_SURNAME_ENDS = (
    "brook", "field", "moor", "worth", "hollow", "gate", "ridge", "stead", "wick", "bury", "croft", "dale",
)  # fmt: skip
SURNAMES = tuple(start + end for start in _SURNAME_STARTS for end in _SURNAME_ENDS)

SCHOOLS = (
    "Alder Creek Elementary", "Birch Hollow Elementary", "Clearwater Elementary", "Dogwood Elementary",
    "Eastbrook Middle", "Foxglove Middle", "Granite Hill High", "Harvest Lane High",
    "Ivy Bend Elementary", "Juniper Flats Middle", "Kingfisher High", "Lantern Hill Elementary",
)  # fmt: skip

VENDORS = (
    "Maple Hollow Learning (SYNTHETIC)", "Brightwater Workshops (SYNTHETIC)", "Stillpond Coaching LLC (SYNTHETIC)",
    "Copperleaf Travel (SYNTHETIC)", "Northfield Educator Micro-credentials (SYNTHETIC)",
    "Prairie Teaching Collaborative (SYNTHETIC)", "Lantern State College (SYNTHETIC)",
    "Association of Example Educators (SYNTHETIC)",
)  # fmt: skip

SUBJECTS = {
    "elementary": ("General", "General", "General", "Mathematics", "Reading", "Special Education", "Music"),
    "middle": ("Mathematics", "English Language Arts", "Science", "Social Studies", "Special Education", "Art"),
    "high": ("Mathematics", "English Language Arts", "Science", "Social Studies", "World Languages", "Career Skills"),
}


def grade_band(school_name: str) -> str:
    """`elementary`, `middle` or `high`, as the school's name says."""
    return school_name.rsplit(" ", 1)[-1].lower()
