{{ config(severity='warn') }}
/*
    What: the history of who knew what was read from the leaders' release that is current.
    When it matters: where the current release, or the pointer to it, can't be read, history goes on from the newest
        release that can, and what was published after that one is missing from it; without any, it begins anew.
    How to resolve: nothing needs to be done for today's answers. To keep the whole history, put the release's file back
        from a backup, point `current` to it and run again before the release of this run is used.
*/
select
    release_file,
    current_file,
    why_not_current
from {{ ref('stg_pipeline__published_history_origin') }}
where why_not_current is not null
