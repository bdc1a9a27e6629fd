"""What every connector shares: HTTP, authentication, paging, stream schemas, landing.

Belongs here: behaviour that no platform may differ in. Does not belong here: a
platform's paths, field names or quirks; they stand in the platform's folder.
"""
