"""What differs between the Ed-Fi Data Standards that the connector speaks.

Belongs here: the namespace and resource of each stream, and fields that a standard
keeps at another place than streams.py says. Does not belong here: fetching (client),
the declared fields themselves (streams).
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
    """

    version: str
    resources: Mapping[str, str]
    paths: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

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
        return replace(stream, fields=fields)


DATA_STANDARD_5_2 = DataStandard(
    version="5.2",
    resources={
        "schools": f"{_CORE}/schools",
        "people": f"{_CORE}/people",
        "staffs": f"{_CORE}/staffs",
        "staff_assignments": f"{_CORE}/staffEducationOrganizationAssignmentAssociations",
        "credentials": f"{_CORE}/credentials",
        "performance_evaluations": f"{_TPDM}/performanceEvaluations",
        "evaluations": f"{_TPDM}/evaluations",
        "evaluation_objectives": f"{_TPDM}/evaluationObjectives",
        "evaluation_elements": f"{_TPDM}/evaluationElements",
        "performance_evaluation_ratings": f"{_TPDM}/performanceEvaluationRatings",
        "evaluation_ratings": f"{_TPDM}/evaluationRatings",
        "evaluation_objective_ratings": f"{_TPDM}/evaluationObjectiveRatings",
        "evaluation_element_ratings": f"{_TPDM}/evaluationElementRatings",
    },
)

DATA_STANDARDS: dict[str, DataStandard] = {standard.version: standard for standard in (DATA_STANDARD_5_2,)}


def data_standard(version: str) -> DataStandard:
    """The standard of that version. Raises ConfigurationError naming the ones there are."""
    if version not in DATA_STANDARDS:
        raise ConfigurationError(
            f"data_standard {version!r} is not supported. Supported: {', '.join(sorted(DATA_STANDARDS))}"
        )
    return DATA_STANDARDS[version]
