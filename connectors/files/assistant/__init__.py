"""The mapping assistant: looks at an unknown export and proposes a mapping for a person to correct.

Belongs here: what a file is like (profile), what its columns may mean (vocabulary,
proposal), the proposed mapping as text (document). Does not belong here: reading a file
by a mapping (the rest of connectors/files), what the command prints (pipelines).

No value of the file ever leaves this package: what is shown of a column is its header,
shares, and masks such as `9/99/9999`.
"""
