select
    release_file,
    current_file,
    why_not_current
from {{ source('pipeline', 'published_history_origin') }}
