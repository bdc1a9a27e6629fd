"""The TEAM-like rubric, its competencies, issuers and micro-credentials.

Belongs here: the fixed vocabulary of the synthetic district, which the warehouse's
seeds repeat. Does not belong here: anything drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass

RUBRIC_VERSION = "team-like-2021"
EVALUATION_TITLE = "Classroom Observation"
PERFORMANCE_EVALUATION_TITLE = "Educator Evaluation"
FRAMEWORK = "District Teaching Competencies"
SCALE_MIN, SCALE_MAX = 1, 5
NEED_LEVEL, EXPERT_LEVEL = 3.0, 3.5

_DOMAINS: dict[str, tuple[tuple[str, str], ...]] = {
    "Instruction": (
        ("I01", "Standards and Objectives"),
        ("I02", "Motivating Students"),
        ("I03", "Presenting Instructional Content"),
        ("I04", "Lesson Structure and Pacing"),
        ("I05", "Activities and Materials"),
        ("I06", "Questioning"),
        ("I07", "Academic Feedback"),
        ("I08", "Grouping Students"),
        ("I09", "Teacher Content Knowledge"),
        ("I10", "Teacher Knowledge of Students"),
        ("I11", "Thinking"),
        ("I12", "Problem Solving"),
    ),
    "Planning": (
        ("P01", "Instructional Plans"),
        ("P02", "Student Work"),
        ("P03", "Assessment"),
    ),
    "Environment": (
        ("E01", "Expectations"),
        ("E02", "Managing Student Behavior"),
        ("E03", "Environment"),
        ("E04", "Respectful Culture"),
    ),
    "Professionalism": (
        ("R01", "Professional Growth and Learning"),
        ("R02", "Use of Data"),
        ("R03", "School and Community Involvement"),
        ("R04", "Leadership"),
    ),
}

# a score's label; Ed-Fi's rating level descriptors have no numbers
LEVELS = {1: "Ineffective", 2: "Minimally Effective", 3: "Effective", 4: "Accomplished", 5: "Highly Effective"}


@dataclass(frozen=True)
class Element:
    """One scored line of the rubric; its competency carries the same title."""

    code: str
    title: str
    domain: str

    @property
    def competency_code(self) -> str:
        return f"C-{self.code}"


ELEMENTS = tuple(Element(code, title, domain) for domain, lines in _DOMAINS.items() for code, title in lines)
DOMAINS = tuple(_DOMAINS)

ISSUERS = (
    ("iss-1", "Cedar Valley Learning Institute"),
    ("iss-2", "Northfield Educator Micro-credentials"),
    ("iss-3", "Prairie Teaching Collaborative"),
    ("iss-4", "Open Practice Network"),
)
APPROVED_ISSUERS = ISSUERS[:3]
# the issuer whose micro-credentials lapse
EXPIRING_ISSUER, EXPIRES_AFTER_YEARS = "iss-2", 2
# stacks of the issuer that the district has not approved
_UNAPPROVED_STACKS = frozenset({"E03", "R03", "R04"})

STEPS = ("Foundations", "In Practice", "With Evidence of Learning", "Coaching Peers", "Leading the Practice")
_HOURS = (10, 15, 20, 20, 30)
_UNALIGNED = (
    "Digital Classroom Tools",
    "Family Partnership Basics",
    "Wellness for Educators",
    "Club and Activity Advising",
    "School Safety Essentials",
)


@dataclass(frozen=True)
class BadgeClass:
    """One micro-credential definition. `element` is None for the unaligned ones."""

    id: str
    name: str
    issuer_id: str
    element: Element | None
    step: int
    hours: int

    @property
    def is_aligned_on_platform(self) -> bool:
        """The last step of a stack carries no alignment there: the crosswalk seed names it."""
        return self.element is not None and self.step < len(STEPS)


def _badge_classes() -> tuple[BadgeClass, ...]:
    classes = []
    approved = [issuer_id for issuer_id, _ in APPROVED_ISSUERS]
    for position, element in enumerate(ELEMENTS):
        issuer_id = "iss-4" if element.code in _UNAPPROVED_STACKS else approved[position % len(approved)]
        for step, (title, hours) in enumerate(zip(STEPS, _HOURS, strict=True), start=1):
            classes.append(
                BadgeClass(
                    f"bc-{element.code.lower()}-{step}", f"{element.title}: {title}", issuer_id, element, step, hours
                )
            )
    classes += [
        BadgeClass(f"bc-x-{number}", name, "iss-4" if number > 3 else "iss-1", None, number, 8)
        for number, name in enumerate(_UNALIGNED, start=1)
    ]
    return tuple(classes)


BADGE_CLASSES = _badge_classes()
