/*
    What: of every connection and stream, each row that an accepted run landed is loaded, deleted or superseded;
        each record received was landed or rejected, and each rejected one is listed with its reason. The counts
        come from different places: the manifests, the landed files, the rejects and the staging models.
    When it matters: a row that is lost between the platform and the warehouse changes an answer in silence. So
        nothing is published until the difference is found.
    How to resolve: read `what_differs`. Landed files that hold fewer rows than their manifest tells are damaged
        or gone: restore landing/ from a backup, or pull the source anew with `expertise run --full-refresh`. A
        difference after landing is a fault of the staging model named by the stream: its key, or a filter.
*/
select
    connection,
    stream,
    what_differs,
    records_landed,
    delete_markers_landed,
    records_loaded,
    records_deleted,
    records_superseded
from {{ ref('pub_analysts__reconciliation') }}
where not is_reconciled
