"""What differs between the Ed-Fi Data Standards that the connector speaks.

Belongs here: the namespace and resource of each stream, fields that a standard keeps at
another place than streams.py says, what a server may do without, what is asked for in part
only. Does not belong here: fetching (client), the declared fields themselves (streams).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from connectors.core.errors import ConfigurationError
from connectors.core.schema import Stream
from connectors.edfi.streams import STREAMS

_CORE = "ed-fi"
_TPDM = "tpdm"


@dataclass(frozen=True)
class DataStandard:
    """One Data Standard: where each stream stands and what its fields are called.

    version: as in district.yml.
    resources: `<namespace>/<resource>` by stream name.
    paths: source path by stream name and field name, where it is not the one of streams.py.
    omitted: by stream name, paths that repeat what another field says, beyond those of streams.py.
    optional: streams that a server, or a key, may do without: its first look tells.
    """

    version: str
    resources: Mapping[str, str]
    paths: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    omitted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()

    @property
    def major(self) -> str:
        return self.version.split(".")[0]

    def resource(self, stream: Stream) -> str:
        return self.resources[stream.name]

    def streams(self) -> tuple[Stream, ...]:
        """The streams as this standard spells them: same columns, its own paths."""
        return tuple(self._spelt(stream) for stream in STREAMS if stream.name in self.resources)

    def _spelt(self, stream: Stream) -> Stream:
        paths = self.paths.get(stream.name, {})
        fields = tuple(replace(item, path=paths.get(item.name, item.path)) for item in stream.fields)
        return replace(stream, fields=fields, omitted=(*stream.omitted, *self.omitted.get(stream.name, ())))


_ROSTER = {
    "schools": f"{_CORE}/schools",
    "people": f"{_CORE}/people",
    "staffs": f"{_CORE}/staffs",
    "staff_assignments": f"{_CORE}/staffEducationOrganizationAssignmentAssociations",
    "credentials": f"{_CORE}/credentials",
}
_EVALUATION = {
    "performance_evaluations": "performanceEvaluations",
    "evaluations": "evaluations",
    "evaluation_objectives": "evaluationObjectives",
    "evaluation_elements": "evaluationElements",
    "performance_evaluation_ratings": "performanceEvaluationRatings",
    "evaluation_ratings": "evaluationRatings",
    "evaluation_objective_ratings": "evaluationObjectiveRatings",
    "evaluation_element_ratings": "evaluationElementRatings",
}
# in the core since Data Standard 4.0; few servers keep a ledger
_FINANCE = {
    "chart_of_accounts": f"{_CORE}/chartOfAccounts",
    "local_accounts": f"{_CORE}/localAccounts",
    "local_actuals": f"{_CORE}/localActuals",
}
_PROFESSIONAL_DEVELOPMENT = {
    "professional_development_events": f"{_CORE}/professionalDevelopmentEvents",
    "professional_development_event_attendances": f"{_CORE}/professionalDevelopmentEventAttendances",
}
_SCALE = {"minRating": "minNumericRating", "maxRating": "maxNumericRating"}

DATA_STANDARD_5_2 = DataStandard(
    version="5.2",
    resources={
        **_ROSTER,
        **{name: f"{_TPDM}/{resource}" for name, resource in _EVALUATION.items()},
        **_FINANCE,
    },
    optional=frozenset(_FINANCE),
)

DATA_STANDARD_6_0 = DataStandard(
    version="6.0",
    resources={
        **_ROSTER,
        **{name: f"{_CORE}/{resource}" for name, resource in _EVALUATION.items()},
        "staff_directories": f"{_CORE}/staffDirectories",
        "staff_identification_codes": f"{_CORE}/staffIdentificationCodes",
        **_PROFESSIONAL_DEVELOPMENT,
        **_FINANCE,
    },
    # what TPDM added to core resources in 5.x belongs to them; inside `results` and `ratingLevels`,
    # which land whole, `rating` is `numericRating` and `maxRating` is `maxNumericRating`
    paths={
        "credentials": {
            "credentialStatusDescriptor": "credentialStatusDescriptor",
            "certificationTitle": "certificationTitle",
            "personId": "personReference.personId",
            "personSourceSystemDescriptor": "personReference.sourceSystemDescriptor",
        },
        "evaluations": _SCALE,
        "evaluation_objectives": _SCALE,
        "evaluation_elements": _SCALE,
    },
    omitted={"credentials": ("personReference.link",)},
    optional=frozenset({"staff_identification_codes", *_PROFESSIONAL_DEVELOPMENT, *_FINANCE}),
)

DATA_STANDARDS: dict[str, DataStandard] = {
    standard.version: standard for standard in (DATA_STANDARD_5_2, DATA_STANDARD_6_0)
}


def data_standard(version: str) -> DataStandard:
    """The standard of that version. Raises ConfigurationError naming the ones there are."""
    if version not in DATA_STANDARDS:
        raise ConfigurationError(
            f"data_standard {version!r} is not supported. Supported: {', '.join(sorted(DATA_STANDARDS))}"
        )
    return DATA_STANDARDS[version]


def spoken_by(model_version: str) -> DataStandard | None:
    """The standard to read a server by that names its data model's version so: one of the same major version."""
    return next((known for known in DATA_STANDARDS.values() if known.major == model_version.split(".")[0]), None)
