"""Streams of CASE packages: documents, items, associations, rubrics.

Belongs here: field declarations, in CASE's own words. `document_identifier` is ours: the
document in whose package a record came, which CASE does not repeat in each. Does not
belong here: how packages are fetched (endpoint, folder) or what they mean (dbt staging).
"""

from connectors.core.schema import Field, Stream, public

DOCUMENTS = Stream(
    name="documents",
    description="One row per CFDocument: a competency framework.",
    key=("identifier",),
    fields=(
        public("identifier", required=True),
        public("uri"),
        public("title", required=True),
        Field("creator"),
        public("publisher"),
        public("description"),
        public("subject", "json"),
        public("language"),
        public("version"),
        public("frameworkType"),
        public("caseVersion"),
        public("adoptionStatus"),
        public("statusStartDate", "date"),
        public("statusEndDate", "date"),
        public("officialSourceURL"),
        public("lastChangeDateTime", "timestamp"),
    ),
    withheld=("notes",),
    omitted=("CFPackageURI", "subjectURI", "licenseURI"),
)

ITEMS = Stream(
    name="items",
    description="One row per CFItem and document: one statement of a framework.",
    key=("document_identifier", "identifier"),
    fields=(
        public("identifier", required=True),
        public("document_identifier", required=True),
        public("uri"),
        public("fullStatement", required=True),
        public("abbreviatedStatement"),
        public("alternativeLabel"),
        public("humanCodingScheme"),
        public("listEnumeration"),
        public("CFItemType"),
        public("conceptKeywords", "json"),
        public("language"),
        public("educationLevel", "json"),
        public("statusStartDate", "date"),
        public("statusEndDate", "date"),
        public("lastChangeDateTime", "timestamp"),
    ),
    withheld=("notes",),
    omitted=("CFDocumentURI", "CFItemAssociationURI", "CFItemTypeURI", "conceptKeywordsURI", "licenseURI"),
)

ASSOCIATIONS = Stream(
    name="associations",
    description="One row per CFAssociation and document: how one item relates to another.",
    key=("document_identifier", "identifier"),
    fields=(
        public("identifier", required=True),
        public("document_identifier", required=True),
        public("uri"),
        public("associationType", required=True),
        public("sequenceNumber", "integer"),
        public("origin_identifier", path="originNodeURI.identifier", required=True),
        public("origin_uri", path="originNodeURI.uri"),
        public("destination_identifier", path="destinationNodeURI.identifier", required=True),
        public("destination_uri", path="destinationNodeURI.uri"),
        public("lastChangeDateTime", "timestamp"),
    ),
    omitted=(
        "CFDocumentURI",
        "CFAssociationGroupingURI",
        "originNodeURI.title",
        "originNodeURI.targetType",
        "destinationNodeURI.title",
        "destinationNodeURI.targetType",
    ),
)

RUBRICS = Stream(
    name="rubrics",
    description="One row per CFRubric and document, its criteria and their levels as JSON.",
    key=("document_identifier", "identifier"),
    fields=(
        public("identifier", required=True),
        public("document_identifier", required=True),
        public("uri"),
        public("title"),
        public("description"),
        public("CFRubricCriteria", "json"),
        public("lastChangeDateTime", "timestamp"),
    ),
)

STREAMS = (DOCUMENTS, ITEMS, ASSOCIATIONS, RUBRICS)
